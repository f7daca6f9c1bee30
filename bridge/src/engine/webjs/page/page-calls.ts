/** Calls into the page, each with a deadline. */
import { randomUUID } from 'node:crypto';
import type { Page } from 'puppeteer';
import { DeadlineError, within } from '../../../ops/deadline.ts';
import { messageOf } from '../../../ops/reason.ts';
import { TransportError } from '../deadlines.ts';
import type { PageWindow } from './page-window.ts';

declare const window: PageWindow;

export interface PageCalls {
  /**
   * Runs a function of `page-functions.ts` in the page.
   *
   * @param ms deadline
   * @throws TransportError when the page is gone, reloading or silent: what the call would have done is then unknown
   */
  call<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    ms: number,
    ...args: Args
  ): Promise<Awaited<Result>>;
}

export interface LongPageCalls extends PageCalls {
  /**
   * The same as `call` for work that may take longer than the browser's protocol allows a single call: the page does it while it is
   * asked for the outcome, so that a page that died is noticed at the next question.
   *
   * @param args values that JSON can carry
   */
  callLong<Args extends readonly unknown[], Result>(
    fn: (...args: Args) => Result,
    ms: number,
    ...args: Args
  ): Promise<Awaited<Result>>;
}

/** How long one question about work under way waits for its end. */
const QUESTION_MS = 10_000;

export function callsOf(page: Page, questionMs = QUESTION_MS): LongPageCalls {
  const cutOff = (name: string, error: unknown): TransportError =>
    error instanceof DeadlineError
      ? new TransportError(error.message, { cause: error, late: true })
      : new TransportError(`the page's ${name} was interrupted: ${messageOf(error)}`, { cause: error });
  const calls: LongPageCalls = {
    async call<Args extends readonly unknown[], Result>(
      fn: (...args: Args) => Result,
      ms: number,
      ...args: Args
    ): Promise<Awaited<Result>> {
      const running = page.evaluate(fn as unknown as (...values: unknown[]) => unknown, ...args);
      try {
        return (await within(running, ms, `the page's ${fn.name}`)) as Awaited<Result>;
      } catch (error) {
        throw cutOff(fn.name, error);
      }
    },
    async callLong<Args extends readonly unknown[], Result>(
      fn: (...args: Args) => Result,
      ms: number,
      ...args: Args
    ): Promise<Awaited<Result>> {
      const job = randomUUID();
      // As an expression, since a function of the page cannot be handed to another one there.
      const begin = `void window.wabridge.begin(${JSON.stringify(job)}, () => (${fn.toString()})(...${JSON.stringify(args)}))`;
      const until = performance.now() + ms;
      try {
        await within(page.evaluate(begin), ms, `the page's ${fn.name}`);
      } catch (error) {
        throw cutOff(fn.name, error);
      }
      for (;;) {
        const left = until - performance.now();
        if (left <= 0) throw new TransportError(`the page's ${fn.name} took longer than ${ms} ms`);
        const waits = Math.min(questionMs, left);
        const answer = await calls.call(outcomeOf, waits + questionMs, job, waits);
        if (answer.state === 'done') return answer.value as Awaited<Result>;
        if (answer.state === 'running') continue;
        throw new TransportError(`the page's ${fn.name} was interrupted: ${answer.reason}`);
      }
    },
  };
  return calls;
}

type Outcome =
  | { readonly state: 'done'; readonly value: unknown }
  | { readonly state: 'running' }
  | { readonly state: 'lost'; readonly reason: string };

/** Waits in the page for the end of work that `begin` began there. */
async function outcomeOf(job: string, ms: number): Promise<Outcome> {
  const { jobs } = window.wabridge;
  const running = jobs.get(job);
  if (!running) return { state: 'lost', reason: 'WhatsApp Web was reloaded' };
  let timer: ReturnType<typeof setTimeout> | undefined;
  const outcome = await Promise.race<Outcome>([
    running.then(
      (value) => ({ state: 'done', value }),
      (error) => ({ state: 'lost', reason: String(error) }),
    ),
    new Promise((resolve) => {
      timer = setTimeout(() => resolve({ state: 'running' }), ms);
    }),
  ]);
  clearTimeout(timer);
  if (outcome.state !== 'running') jobs.delete(job);
  return outcome;
}

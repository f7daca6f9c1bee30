/** What was missed is read, over a page whose answers the test decides. */
import { describe, expect, test } from '@jest/globals';
import { CatchUp } from '../../../../../bridge/src/engine/webjs/hearing/catch-up.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import { createLogger } from '../../../../../bridge/src/ops/logger.ts';

const MARK = 10_000;
/** The slack with which it reads, in seconds. */
const SLACK = 120;

/** Caught up over a page with one chat: `answer` says what becomes of each question for its messages. */
function catchUpOver(answer: (since: number) => Promise<void>) {
  const state = { holding: true, asked: [] as number[], found: [] as string[] };
  const call = async (
    fn: (...args: never[]) => unknown,
    _ms: number,
    ...args: readonly unknown[]
  ): Promise<unknown> => {
    if (fn.name === 'chatsActiveSince') return ['bob@c.us'];
    const since = args[1] as number;
    state.asked.push(since);
    await answer(since);
    return { messages: [{ id: { id: `since ${since}` } }], complete: true };
  };
  const stopped = new AbortController();
  const catchUp = new CatchUp({
    page: () => ({ call }) as unknown as PageCalls,
    deadlines: DEADLINES,
    facts: {
      get holding() {
        return state.holding;
      },
      reportedUntil: MARK,
      release: () => (state.holding = false),
    },
    hearing: { missed: (raw) => state.found.push(raw.id.id) },
    undecrypted: { look: async () => undefined },
    linkedAt: () => 0,
    cut: () => undefined,
    stopped: stopped.signal,
    clock: { now: () => 0, sleep: () => new Promise((resolve) => setImmediate(resolve)) },
    log: createLogger('silent', 'json'),
  });
  return { catchUp, state, stopped };
}

describe('catching up', () => {
  test('from the mark, or from what was missed before it', async () => {
    const fromMark = catchUpOver(async () => undefined);
    expect(await fromMark.catchUp.run()).toBe(true);
    expect(fromMark.state.asked).toEqual([MARK - SLACK]);
    const before = catchUpOver(async () => undefined);
    expect(await before.catchUp.run(8_000)).toBe(true);
    expect(before.state.asked).toEqual([8_000 - SLACK]);
  });

  test('what was missed earlier than a run under way reads is read by it before it lets go', async () => {
    let answer: () => void = () => undefined;
    const { catchUp, state } = catchUpOver((since) =>
      since === MARK - SLACK ? new Promise((resolve) => (answer = resolve)) : Promise.resolve(),
    );
    const first = catchUp.run();
    while (state.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const joined = catchUp.run(8_000);
    answer();
    expect(await Promise.all([first, joined])).toEqual([true, true]);
    expect(state.asked).toEqual([MARK - SLACK, 8_000 - SLACK]);
    expect(state.holding).toBe(false);
  });

  test('the next run begins at the mark again', async () => {
    const { catchUp, state } = catchUpOver(async () => undefined);
    await catchUp.run(8_000);
    state.holding = true;
    await catchUp.run();
    expect(state.asked).toEqual([8_000 - SLACK, MARK - SLACK]);
  });

  test('a failure is tried again from the same time', async () => {
    let failures = 3;
    const { catchUp, state } = catchUpOver(async () => {
      if (failures-- > 0) throw new TransportError('the page is silent', { late: true });
    });
    const run = catchUp.run(8_000);
    while (catchUp.unanswered < 3) await new Promise((resolve) => setImmediate(resolve));
    expect(state.holding).toBe(true);
    expect(await run).toBe(true);
    expect(new Set(state.asked)).toEqual(new Set([8_000 - SLACK]));
  });

  test('a session that ends has not caught up', async () => {
    const { catchUp, state, stopped } = catchUpOver(async () => {
      throw new TransportError('the page is silent');
    });
    const run = catchUp.run();
    while (state.asked.length < 2) await new Promise((resolve) => setImmediate(resolve));
    stopped.abort();
    expect(await run).toBe(false);
    expect(state.holding).toBe(true);
  });
});

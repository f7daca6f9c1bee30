/** Calls into the page, each with a deadline. */
import type { Page } from 'puppeteer';
import { TransportError, within } from './deadlines.ts';

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

export function callsOf(page: Page): PageCalls {
  return {
    async call(fn, ms, ...args) {
      const running = page.evaluate(fn as unknown as (...values: unknown[]) => unknown, ...args);
      try {
        return (await within(running, ms, `the page's ${fn.name}`)) as never;
      } catch (error) {
        if (error instanceof TransportError) throw error;
        throw new TransportError(
          `the page's ${fn.name} was cut off: ${error instanceof Error ? error.message : String(error)}`,
          { cause: error },
        );
      }
    },
  };
}

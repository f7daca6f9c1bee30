/** What was started is stopped in reverse order, each part even if another fails to. */
import type { Log } from './logger.ts';

export class Closers {
  readonly #log: Pick<Log, 'error'>;
  readonly #stack: { readonly name: string; readonly close: () => unknown }[] = [];
  #closed: Promise<void> | undefined;

  constructor(log: Pick<Log, 'error'>) {
    this.#log = log;
  }

  /** Notes how something that was just started is stopped. */
  add(name: string, close: () => unknown): void {
    this.#stack.push({ name, close });
  }

  /** Stops everything once; later calls wait for the first. */
  close(): Promise<void> {
    this.#closed ??= this.#run();
    return this.#closed;
  }

  async #run(): Promise<void> {
    for (let entry = this.#stack.pop(); entry; entry = this.#stack.pop()) {
      try {
        await entry.close();
      } catch (error) {
        this.#log.error({ part: entry.name, error: (error as Error).message }, 'a component did not stop properly');
      }
    }
  }
}

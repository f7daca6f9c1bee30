/**
 * A fair scheduler: every worker that has work gets one bounded step at a time, round robin, and the event loop runs
 * between two steps. So the backlog of one subscription delays another by one step at most.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';

export interface Worker {
  /** One bounded step. Must not reject. @returns true if there is more to do at once */
  turn(): Promise<boolean>;
}

export class FairScheduler {
  readonly #waiting = new Set<Worker>();
  #running: Promise<void> | null = null;

  /** Asks for a turn; asking twice gives one. */
  request(worker: Worker): void {
    this.#waiting.add(worker);
    this.#running ??= this.#run();
  }

  forget(worker: Worker): void {
    this.#waiting.delete(worker);
  }

  /** Resolves when no worker waits for a turn. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    // In a microtask, so that what an acknowledgement sets free is written together with the acknowledgement.
    await Promise.resolve();
    for (const worker of this.#waiting) {
      this.#waiting.delete(worker);
      if (await worker.turn()) this.#waiting.add(worker);
      await yieldToEventLoop();
    }
    this.#running = null;
    if (this.#waiting.size > 0) this.#running = this.#run();
  }
}

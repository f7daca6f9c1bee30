/**
 * A fair scheduler: every worker that has work gets one bounded step at a time, round robin, and the event loop runs
 * between two steps. So the backlog of one subscription delays another by one step at most.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { Pump } from '../ops/pump.ts';

export interface Worker {
  /** One bounded step. Must not reject. @returns true if there is more to do at once */
  turn(): Promise<boolean>;
}

export class FairScheduler {
  readonly #waiting = new Set<Worker>();
  /** Begins in a microtask, so that what an acknowledgement sets free is written together with the acknowledgement. */
  readonly #pump = new Pump(() => this.#giveTurn());

  /** Asks for a turn; asking twice gives one. */
  request(worker: Worker): void {
    this.#waiting.add(worker);
    this.#pump.wake();
  }

  forget(worker: Worker): void {
    this.#waiting.delete(worker);
  }

  /** Resolves when no worker waits for a turn. */
  idle(): Promise<void> {
    return this.#pump.idle();
  }

  /** To the worker that has waited longest. */
  async #giveTurn(): Promise<void> {
    const [worker] = this.#waiting;
    if (worker === undefined) return;
    this.#waiting.delete(worker);
    if (await worker.turn()) this.#waiting.add(worker);
    await yieldToEventLoop();
    if (this.#waiting.size > 0) this.#pump.wake();
  }
}

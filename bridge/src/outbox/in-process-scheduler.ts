/**
 * Wake-ups by timers of this process. They end with it; the dispatcher asks for them again from the rows at its start.
 */
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Scheduler, Wake } from './scheduler.ts';

/** Longest delay that a timer takes. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

interface Timer {
  readonly at: number;
  readonly abort: AbortController;
}

export class InProcessScheduler<Key extends string> implements Scheduler<Key> {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #timers = new Map<Key, Timer>();
  #wake: Wake<Key> | null = null;

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  start(wake: Wake<Key>): Promise<void> {
    this.#wake = wake;
    return Promise.resolve();
  }

  wakeAt(key: Key, at: number): Promise<void> {
    const known = this.#timers.get(key);
    if (!this.#wake || (known && known.at <= at)) return Promise.resolve();
    known?.abort.abort();
    const timer = { at, abort: new AbortController() };
    this.#timers.set(key, timer);
    void this.#wait(key, timer);
    return Promise.resolve();
  }

  /** The pending wake-up of the key does not come. */
  cancel(key: Key): void {
    this.#timers.get(key)?.abort.abort();
    this.#timers.delete(key);
  }

  stop(): Promise<void> {
    this.#wake = null;
    for (const { abort } of this.#timers.values()) abort.abort();
    this.#timers.clear();
    return Promise.resolve();
  }

  async #wait(key: Key, timer: Timer): Promise<void> {
    try {
      let before = Infinity;
      for (let left = timer.at - this.#clock.now(); left > 0; left = timer.at - this.#clock.now()) {
        // The clock was set back while it slept: it has waited long enough, and the lane looks what is due now.
        if (left > before) break;
        before = left;
        await this.#clock.sleep(Math.min(left, LONGEST_SLEEP_MS), timer.abort.signal);
      }
      // Never within `wakeAt` itself: the caller may still be in the middle of its turn.
      await Promise.resolve();
    } catch {
      return; // replaced or stopped
    }
    if (this.#timers.get(key) !== timer) return;
    this.#timers.delete(key);
    try {
      this.#wake?.(key);
    } catch (error) {
      this.#log.error({ key, error }, 'a wake-up failed');
    }
  }
}

/** One timer, set again as needed, on a clock that tests can replace. */
import type { Clock } from '../ops/clock.ts';

/** What a due time is measured by: the time of day, which may be set meanwhile, or the time that passes. */
type TimeOf = 'now' | 'elapsed';

/**
 * Longer waits are cut, as Node's timers cannot hold them; the timer then fires early, which its owner must tolerate.
 */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export class Timer {
  readonly #clock: Clock;
  readonly #time: TimeOf;
  readonly #onDue: () => void;
  #due = Infinity;
  #running: AbortController | null = null;

  constructor(clock: Clock, time: TimeOf, onDue: () => void) {
    this.#clock = clock;
    this.#time = time;
    this.#onDue = onDue;
  }

  /** Fires at a time of its clock, in milliseconds, in place of the time set before; never for Infinity. */
  set(due: number): void {
    if (due === this.#due) return;
    this.clear();
    if (due === Infinity) return;
    this.#due = due;
    const running = (this.#running = new AbortController());
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, due - this.#clock[this.#time]()));
    this.#clock.sleep(wait, running.signal).then(
      () => {
        if (this.#running !== running) return;
        this.#due = Infinity;
        this.#running = null;
        this.#onDue();
      },
      () => undefined, // cleared
    );
  }

  clear(): void {
    this.#due = Infinity;
    this.#running?.abort();
    this.#running = null;
  }
}

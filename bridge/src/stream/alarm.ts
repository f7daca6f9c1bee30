/** One appointment at a time, on a clock that can be a test's. */
import type { Clock } from '../ops/clock.ts';

/** Longer waits are cut, as Node's timers cannot hold them; the alarm then rings early, which its owner can take. */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

export class Alarm {
  readonly #clock: Clock;
  readonly #ring: () => void;
  #due = Infinity;
  #appointment: AbortController | null = null;

  constructor(clock: Clock, ring: () => void) {
    this.#clock = clock;
    this.#ring = ring;
  }

  /** Rings at a time in milliseconds since the epoch, instead of when it was set to before; never for Infinity. */
  set(due: number): void {
    if (due === this.#due) return;
    this.clear();
    if (due === Infinity) return;
    this.#due = due;
    const appointment = (this.#appointment = new AbortController());
    const wait = Math.min(LONGEST_WAIT_MS, Math.max(0, due - this.#clock.now()));
    this.#clock.sleep(wait, appointment.signal).then(
      () => {
        if (this.#appointment !== appointment) return;
        this.#due = Infinity;
        this.#appointment = null;
        this.#ring();
      },
      () => undefined, // cleared
    );
  }

  clear(): void {
    this.#due = Infinity;
    this.#appointment?.abort();
    this.#appointment = null;
  }
}

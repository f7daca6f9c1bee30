/** The timers of a session's state machine: each at most once at a time. */
import type { Clock } from '../ops/clock.ts';
import type { Input, Timer } from './session-machine.ts';

const INPUTS: Readonly<Record<Timer, Input>> = {
  deadline: { on: 'deadline' },
  retry: { on: 'retry_due' },
  stable: { on: 'stable' },
};

export class SessionTimers {
  readonly #clock: Clock;
  readonly #due: (input: Input) => void;
  readonly #running = new Map<Timer, AbortController>();

  /** @param due called with what the machine is to be told when a timer ends */
  constructor(clock: Clock, due: (input: Input) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Starts it, in place of the one that runs. */
  arm(timer: Timer, waitMs: number): void {
    this.#running.get(timer)?.abort();
    const running = new AbortController();
    this.#running.set(timer, running);
    void this.#clock.sleep(waitMs, running.signal).then(
      () => {
        if (this.#running.get(timer) !== running) return;
        this.#running.delete(timer);
        this.#due(INPUTS[timer]);
      },
      () => undefined,
    );
  }

  disarm(timer: Timer): void {
    this.#running.get(timer)?.abort();
    this.#running.delete(timer);
  }
}

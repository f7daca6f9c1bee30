/** What is done again and again: one run after another, with a pause in between. */
import type { Clock } from './clock.ts';
import { within } from './deadline.ts';

/** How long `stop` waits for the run under way, in milliseconds. */
const STOP_MS = 5_000;

export interface PeriodicJobOptions {
  /** One run. @param stopped aborted when the job ends, so that a long run can end early */
  readonly run: (stopped: AbortSignal) => Promise<unknown> | void;
  /** Milliseconds from the end of a run to the beginning of the next, asked for before each pause if it is a function. */
  readonly every: number | (() => number);
  /** Whether the first run comes at the start instead of after a first pause. */
  readonly runsAtStart?: boolean;
  /** Logs what a run threw, or that it did not end in time for `stop`. The job goes on. */
  readonly failed: (error: unknown) => void;
  readonly clock: Clock;
}

/** Runs never overlap, and a run that fails does not end the job. */
export class PeriodicJob {
  readonly #options: PeriodicJobOptions;
  #life: AbortController | null = null;
  #loop: Promise<void> | null = null;
  #pause: AbortController | null = null;
  #isWoken = false;
  #isInRun = false;

  constructor(options: PeriodicJobOptions) {
    this.#options = options;
  }

  /** Has no effect while it runs already. */
  start(): void {
    if (this.#life) return;
    const life = (this.#life = new AbortController());
    const before = this.#loop;
    // After the loop before, if that one is still in its last run.
    const loop = (before ? before.then(() => this.#repeat(life)) : this.#repeat(life)).finally(() => {
      if (this.#loop === loop) this.#loop = null;
    });
    this.#loop = loop;
  }

  /** Runs until the signal comes, or until `end` is called. Never rejects. */
  async runUntil(until: AbortSignal): Promise<void> {
    if (until.aborted) return;
    const end = (): void => this.end();
    until.addEventListener('abort', end, { once: true });
    this.start();
    await this.#loop;
    until.removeEventListener('abort', end);
  }

  /** Cuts the pause short: the next run begins at once, or right after the run under way. */
  wake(): void {
    this.#isWoken = true;
    this.#pause?.abort();
  }

  /** No further run begins, and the signal of the run under way is aborted. */
  end(): void {
    this.#life?.abort();
    this.#life = null;
    this.#isWoken = false;
    this.#pause?.abort();
  }

  /** Ends it and waits for the run under way, for at most `deadlineMs` milliseconds. Never rejects. */
  async stop(deadlineMs = STOP_MS): Promise<void> {
    const { clock, failed } = this.#options;
    this.end();
    if (this.#loop && this.#isInRun) await within(this.#loop, deadlineMs, 'the last run', clock).catch(failed);
    else await this.#loop;
  }

  async #repeat({ signal }: AbortController): Promise<void> {
    if (this.#options.runsAtStart === true) await this.#runOnce(signal);
    while (!signal.aborted) {
      if (!this.#isWoken) await this.#sleep().catch(() => undefined);
      this.#isWoken = false;
      await this.#runOnce(signal);
    }
  }

  #sleep(): Promise<void> {
    const { every, clock } = this.#options;
    this.#pause = new AbortController();
    return clock.sleep(typeof every === 'number' ? every : every(), this.#pause.signal);
  }

  async #runOnce(stopped: AbortSignal): Promise<void> {
    if (stopped.aborted) return;
    this.#isInRun = true;
    try {
      await this.#options.run(stopped);
    } catch (error) {
      // What a run throws because it was told to end is not a failure.
      if (!stopped.aborted) this.#options.failed(error);
    } finally {
      this.#isInRun = false;
    }
  }
}

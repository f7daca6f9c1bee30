/**
 * Retention: removes events by age, oldest first, in small batches so that no append waits long. What was removed is
 * never silent: the horizon rises, and readers behind it are told with a reset.
 */
import type { Clock } from '../ops/clock.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';

/** What retention needs of the log. */
export interface RetainedLog {
  removeBefore(recordedBefore: number, limit: number): Promise<number>;
  expireBefore(recordedBefore: number, after: number, limit: number): Promise<number | null>;
  pruneDedupe(limit: number): Promise<number>;
}

export interface RetentionOptions {
  readonly log: RetainedLog;
  readonly clock: Clock;
  readonly logger: { warn(fields: object, message: string): void };
  /** Events older than this are removed; milliseconds. */
  readonly eventsMs: number;
  /** Payloads older than this are withheld, where shorter than the events' age; milliseconds. */
  readonly payloadsMs?: number;
  /** Time between two runs; milliseconds. */
  readonly everyMs?: number;
}

const BATCH = 500;
/** Between batches, so that the writer serves others. */
const PAUSE_MS = 20;
const HOUR_MS = 3_600_000;

export class Retention {
  readonly #options: RetentionOptions;
  readonly #job: PeriodicJob;
  /** Payloads up to here are withheld already. */
  #expiredTo = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#job = new PeriodicJob({
      run: (stopped) => this.run(stopped),
      every: options.everyMs ?? HOUR_MS,
      runsAtStart: true,
      failed: (error) => options.logger.warn({ err: error }, 'retention failed; trying again at the next run'),
      clock: options.clock,
    });
  }

  start(): void {
    this.#job.start();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
  }

  /** Brings the log to its age once. @returns what was done */
  async run(signal?: AbortSignal): Promise<{ readonly removed: number; readonly pruned: number }> {
    const { log, clock, eventsMs, payloadsMs } = this.#options;
    const now = clock.now();
    const removed = await this.#inBatches(() => log.removeBefore(now - eventsMs, BATCH), signal);
    if (payloadsMs !== undefined && payloadsMs < eventsMs) await this.#expire(now - payloadsMs, signal);
    const pruned = await this.#inBatches(() => log.pruneDedupe(BATCH), signal);
    return { removed, pruned };
  }

  async #expire(before: number, signal: AbortSignal | undefined): Promise<void> {
    while (!signal?.aborted) {
      const scannedTo = await this.#options.log.expireBefore(before, this.#expiredTo, BATCH);
      if (scannedTo === null) return;
      this.#expiredTo = scannedTo;
      await this.#options.clock.sleep(PAUSE_MS, signal);
    }
  }

  async #inBatches(batch: () => Promise<number>, signal: AbortSignal | undefined): Promise<number> {
    let total = 0;
    while (!signal?.aborted) {
      const done = await batch();
      total += done;
      if (done < BATCH) break;
      await this.#options.clock.sleep(PAUSE_MS, signal);
    }
    return total;
  }
}

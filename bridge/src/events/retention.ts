/**
 * Retention: removes events by age, oldest first, in small batches so that no append waits long. What was removed is
 * never silent: the horizon rises, and readers behind it are told with a reset.
 */
import type { Clock } from '../ops/clock.ts';

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
  #running: { readonly abort: AbortController; readonly loop: Promise<void> } | undefined;
  /** Payloads up to here are withheld already. */
  #expiredTo = 0;

  constructor(options: RetentionOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#running) return;
    const abort = new AbortController();
    this.#running = { abort, loop: this.#loop(abort.signal) };
  }

  async stop(): Promise<void> {
    this.#running?.abort.abort();
    await this.#running?.loop;
    this.#running = undefined;
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

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.run(signal);
      } catch (error) {
        if (!signal.aborted)
          this.#options.logger.warn({ err: error }, 'retention failed; trying again at the next run');
      }
      await this.#options.clock.sleep(this.#options.everyMs ?? HOUR_MS, signal).catch(() => undefined);
    }
  }
}

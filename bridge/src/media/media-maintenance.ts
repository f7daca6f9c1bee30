/** Keeps the media store in order: counts it at the start, sweeps what does not belong together, expires old media. */
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import type { Database } from '../store/database.ts';
import { expireMedia, type MediaReads } from '../store/media.repository.ts';
import type { MediaQuota } from './media-quota.ts';
import { MediaSweep } from './media-sweep.ts';
import type { WatchedMediaStore } from './watched-media-store.ts';

export interface MediaMaintenanceDependencies {
  readonly store: WatchedMediaStore;
  readonly quota: MediaQuota;
  readonly database: Pick<Database, 'write'>;
  readonly reads: MediaReads;
  readonly clock: Clock;
  readonly log: Log;
}

const BATCH = 200;
const EVERY_MS = 10 * 60_000;
const HOUR_MS = 3_600_000;
/** Between two sweeps of a store that others use too. */
const SWEEP_MS = 6 * HOUR_MS;
/** How old a file without a row must be there: no upload takes so long from one to the other. */
const SETTLED_MS = HOUR_MS;
/** How old an upload in parts must be to be nobody's any more. */
const UNFINISHED_MS = 24 * HOUR_MS;

export class MediaMaintenance {
  readonly #deps: MediaMaintenanceDependencies;
  readonly #retentionMs: number;
  readonly #sweep: MediaSweep;
  readonly #expiry: PeriodicJob;
  readonly #sweeps: PeriodicJob;
  #stopListening: () => void = () => undefined;

  constructor(deps: MediaMaintenanceDependencies, retentionMs: number) {
    this.#deps = deps;
    this.#retentionMs = retentionMs;
    this.#sweep = new MediaSweep(deps);
    this.#expiry = new PeriodicJob({
      run: (stopped) => this.expire(stopped),
      every: EVERY_MS,
      runsAtStart: true,
      failed: (error) => deps.log.error({ err: error }, 'old media could not be removed'),
      clock: deps.clock,
    });
    this.#sweeps = new PeriodicJob({
      run: (stopped) => this.sweep(stopped),
      every: SWEEP_MS,
      runsAtStart: true,
      failed: (error) => deps.log.error({ err: error }, 'the media store could not be swept'),
      clock: deps.clock,
    });
  }

  /**
   * Makes the store usable. Resolves before the first upload may come.
   *
   * @throws WabError WAB_MEDIA_STORE_UNUSABLE
   */
  async start(): Promise<void> {
    const { store, quota, reads, clock } = this.#deps;
    await store.start();
    // A folder is swept while nobody puts anything there. A store that others use, and that takes a network, is swept later.
    if (!store.shared) await this.#sweep.run(clock.now(), Infinity);
    quota.begin(await reads.usedBytes());
    this.#expiry.start();
    if (!store.shared) return;
    this.#sweeps.start();
    this.#stopListening = store.onRecovered(() => this.#sweeps.wake());
  }

  async stop(): Promise<void> {
    this.#stopListening();
    await Promise.all([this.#expiry.stop(), this.#sweeps.stop()]);
  }

  /** Removes what is older than the retention and needed by no message. @param stopped ends it after the batch under way */
  async expire(stopped?: AbortSignal): Promise<void> {
    const { database, clock, store, quota } = this.#deps;
    while (store.trouble === null) {
      const expired = await database.write(expireMedia({ before: clock.now() - this.#retentionMs, limit: BATCH }));
      let failure: unknown;
      for (const { id, sizeBytes } of expired) {
        // What is not removed now is found by a sweep: nothing names it any more.
        if (failure === undefined) await store.remove(id).catch((error: unknown) => (failure = error));
        quota.freed(sizeBytes);
      }
      if (failure !== undefined) throw failure as Error;
      if (expired.length < BATCH || stopped?.aborted) return;
    }
  }

  /** Settles the difference between store and database. @param stopped ends it after the batch under way */
  async sweep(stopped?: AbortSignal): Promise<void> {
    const { clock, store } = this.#deps;
    if (store.trouble !== null) return;
    const now = clock.now();
    await store.removeUnfinished(now - UNFINISHED_MS);
    await this.#sweep.run(now, now - SETTLED_MS, stopped);
  }
}

/** Keeps the media store in order: counts it at the start, removes files that nothing names, expires old media. */
import type { MediaId } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import type { Database } from '../store/database.ts';
import { expireMedia, type MediaReads } from '../store/media.repository.ts';
import type { MediaQuota } from './media-quota.ts';
import type { MediaStore } from './media-store.ts';

export interface MediaMaintenanceDependencies {
  readonly store: MediaStore;
  readonly quota: MediaQuota;
  readonly database: Pick<Database, 'write'>;
  readonly reads: MediaReads;
  readonly clock: Clock;
  readonly log: Log;
}

const BATCH = 200;
const EVERY_MS = 10 * 60_000;

export class MediaMaintenance {
  readonly #deps: MediaMaintenanceDependencies;
  readonly #retentionMs: number;
  readonly #expiry: PeriodicJob;

  constructor(deps: MediaMaintenanceDependencies, retentionMs: number) {
    this.#deps = deps;
    this.#retentionMs = retentionMs;
    this.#expiry = new PeriodicJob({
      run: (stopped) => this.expire(stopped),
      every: EVERY_MS,
      runsAtStart: true,
      failed: (error) => deps.log.error({ err: error }, 'old media could not be removed'),
      clock: deps.clock,
    });
  }

  /** Makes the store usable. Resolves before the first upload may come. */
  async start(): Promise<void> {
    const { store, quota, reads } = this.#deps;
    await store.start();
    await this.#removeOrphans();
    quota.begin(await reads.usedBytes());
    this.#expiry.start();
  }

  async stop(): Promise<void> {
    await this.#expiry.stop();
  }

  /** Removes what is older than the retention and needed by no message. @param stopped ends it after the batch under way */
  async expire(stopped?: AbortSignal): Promise<void> {
    const { database, clock, store, quota } = this.#deps;
    for (;;) {
      const expired = await database.write(expireMedia({ before: clock.now() - this.#retentionMs, limit: BATCH }));
      for (const { id, sizeBytes } of expired) {
        await store.remove(id);
        quota.freed(sizeBytes);
      }
      if (expired.length < BATCH || stopped?.aborted) return;
    }
  }

  /** A crash between file and row, or between the removal of both, leaves a file that nothing names. */
  async #removeOrphans(): Promise<void> {
    let batch: string[] = [];
    for await (const key of this.#deps.store.keys()) {
      batch.push(key);
      if (batch.length === BATCH) {
        await this.#removeUnknown(batch);
        batch = [];
      }
    }
    await this.#removeUnknown(batch);
  }

  async #removeUnknown(keys: readonly string[]): Promise<void> {
    const { reads, store, log } = this.#deps;
    const known = await reads.stored(keys);
    for (const key of keys) {
      if (known.has(key)) continue;
      log.info({ mediaId: key as MediaId }, 'removing a media file that nothing refers to');
      await store.remove(key);
    }
  }
}

/** Keeps the media store in order: counts it at the start, removes files that nothing names, expires old media. */
import type { MediaId } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
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
  readonly #abort = new AbortController();
  #rounds: Promise<void> | null = null;

  constructor(deps: MediaMaintenanceDependencies, retentionMs: number) {
    this.#deps = deps;
    this.#retentionMs = retentionMs;
  }

  /** Makes the store usable. Resolves before the first upload may come. */
  async start(): Promise<void> {
    const { store, quota, reads } = this.#deps;
    await store.start();
    await this.#removeOrphans();
    quota.begin(await reads.usedBytes());
    this.#rounds ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#rounds;
  }

  /** Removes what is older than the retention and needed by no message. */
  async expire(): Promise<void> {
    const { database, clock, store, quota } = this.#deps;
    for (;;) {
      const expired = await database.write(expireMedia({ before: clock.now() - this.#retentionMs, limit: BATCH }));
      for (const { id, sizeBytes } of expired) {
        await store.remove(id);
        quota.freed(sizeBytes);
      }
      if (expired.length < BATCH || this.#abort.signal.aborted) return;
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

  async #run(): Promise<void> {
    const { clock, log } = this.#deps;
    while (!this.#abort.signal.aborted) {
      await this.expire().catch((error: unknown) => log.error({ err: error }, 'old media could not be removed'));
      await clock.sleep(EVERY_MS, this.#abort.signal).catch(() => undefined);
    }
  }
}

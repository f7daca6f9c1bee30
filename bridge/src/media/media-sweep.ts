/** Compares what the media store has with what the database names, and settles the difference in both directions. */
import type { MediaId } from '../contract/ids.ts';
import type { Log } from '../ops/logger.ts';
import type { Database } from '../store/database.ts';
import { markMediaFound, markMediaMissing, type MediaReads } from '../store/media.repository.ts';
import type { MediaStore } from './media-store.ts';

export interface MediaSweepDependencies {
  readonly store: MediaStore;
  readonly database: Pick<Database, 'write'>;
  readonly reads: MediaReads;
  readonly log: Log;
}

const BATCH = 200;
/** More differences than this, and more than half of all: then store and database do not belong together. */
const FEW = 20;

export class MediaSweep {
  readonly #deps: MediaSweepDependencies;

  constructor(deps: MediaSweepDependencies) {
    this.#deps = deps;
  }

  /**
   * Removes files that nothing names (a crash between file and row, or between the removal of both), and marks rows whose
   * file is gone.
   *
   * @param before only what was stored before that time: of younger ones, another process may be about to write the other half
   */
  async run(now: number, before: number, stopped?: AbortSignal): Promise<void> {
    const missing = new Set<string>();
    for await (const ids of this.#deps.reads.storedBefore(before, BATCH)) for (const id of ids) missing.add(id);
    const named = missing.size;
    const unknown: string[] = [];
    let listed = 0;
    let batch: string[] = [];
    const look = async (): Promise<void> => {
      listed += batch.length;
      unknown.push(...(await this.#unknown(batch, now)));
      batch = [];
    };
    for await (const key of this.#deps.store.keys(before)) {
      if (stopped?.aborted) return;
      missing.delete(key);
      if (batch.push(key) === BATCH) await look();
    }
    await look();
    await this.#remove(unknown, listed);
    await this.#markMissing([...missing], named, now);
  }

  /** Which of these keys the database does not name. Those that it took for missing are there again. */
  async #unknown(keys: readonly string[], now: number): Promise<readonly string[]> {
    const { reads, database } = this.#deps;
    const expected = await reads.expected(keys);
    const ids = keys.filter((key) => expected.get(key)?.isMissing);
    if (ids.length > 0) await database.write(markMediaFound({ ids, now }));
    return keys.filter((key) => !expected.has(key));
  }

  async #remove(unknown: readonly string[], listed: number): Promise<void> {
    const { store, log } = this.#deps;
    if (isMost(unknown.length, listed)) {
      log.error(
        { unknown: unknown.length, listed },
        'the database does not name most files of the media store, so none is removed; is WABRIDGE_MEDIA_URL right, and does no other bridge use it?',
      );
      return;
    }
    for (const key of unknown) {
      log.info({ mediaId: key as MediaId }, 'removing a media file that nothing refers to');
      await store.remove(key);
    }
  }

  async #markMissing(candidates: readonly string[], named: number, now: number): Promise<void> {
    const { store, database, log } = this.#deps;
    if (isMost(candidates.length, named)) {
      log.error(
        { missing: candidates.length, named },
        'most media files are not in the media store, so nothing is changed; is WABRIDGE_MEDIA_URL right? Bring the files over with `wabridge media copy`',
      );
      return;
    }
    const ids: string[] = [];
    // One that was put there again is younger than what was listed.
    for (const id of candidates) if ((await store.describe(id)) === null) ids.push(id);
    if (ids.length === 0) return;
    log.error({ missing: ids.length }, 'media files are missing from the media store');
    for (let at = 0; at < ids.length; at += BATCH)
      await database.write(markMediaMissing({ ids: ids.slice(at, at + BATCH), now }));
  }
}

const isMost = (part: number, all: number): boolean => part > FEW && part > all / 2;

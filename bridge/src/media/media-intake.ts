/** The way of bytes into the library: spooled, counted, hashed, looked at, put into the store, noted in the database. */
import { WabError } from '../contract/errors.ts';
import type { MediaId, SessionName } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { Database } from '../store/database.ts';
import { storeMedia, type MediaReads, type MediaRow } from '../store/media.repository.ts';
import type { MediaQuota } from './media-quota.ts';
import type { MediaStore, SpooledFile } from './media-store.ts';
import { typeOfFile } from './media-type.ts';

export interface MediaIntakeDependencies {
  readonly store: MediaStore;
  readonly quota: MediaQuota;
  readonly database: Pick<Database, 'write'>;
  readonly reads: Pick<MediaReads, 'find'>;
  readonly clock: Clock;
}

export interface IntakeOptions {
  readonly limitBytes: number;
  /** How many bytes the sender said would come; what does not fit is refused before any is read. */
  readonly announcedBytes?: number;
  /** Named in the error where the limit is exceeded. */
  readonly kind: string;
  readonly fileName: string | null;
  /** Whose it is, if it was not expected: the sessions of a key, null for all. */
  readonly ownerSessions?: readonly SessionName[] | null;
  /** Hex; the bytes must have it. */
  readonly expectedSha256: string | null;
  /** Says what is wrong with storing over what is known now (undefined: nothing is known), or returns the row to keep. */
  readonly onKnown: (known: MediaRow | undefined, sha256: string) => MediaRow | null;
  /** Called with each chunk's size. */
  readonly onBytes?: (count: number) => void;
}

export class MediaIntake {
  readonly #deps: MediaIntakeDependencies;
  /** Per medium the end of what is being stored under its id. */
  readonly #locks = new Map<MediaId, Promise<unknown>>();

  constructor(deps: MediaIntakeDependencies) {
    this.#deps = deps;
  }

  /** @throws WabError WAB_CONTENT_DIGEST_MISMATCH, WAB_MEDIA_TOO_LARGE, WAB_STORAGE_FULL; nothing remains then */
  async take(mediaId: MediaId, body: NodeJS.ReadableStream, options: IntakeOptions): Promise<MediaRow> {
    const { store, quota } = this.#deps;
    const { announcedBytes = 0, limitBytes, kind } = options;
    if (announcedBytes > limitBytes) throw new WabError('WAB_MEDIA_TOO_LARGE', { limitBytes, kind });
    const reservation = quota.reserve(announcedBytes);
    let spooled: SpooledFile | undefined;
    let sizeBytes = 0;
    try {
      spooled = await store.spool(body, (count) => {
        sizeBytes += count;
        if (sizeBytes > limitBytes) throw new WabError('WAB_MEDIA_TOO_LARGE', { limitBytes, kind });
        reservation.take(count);
        options.onBytes?.(count);
      });
      if (options.expectedSha256 !== null && spooled.sha256 !== options.expectedSha256)
        throw new WabError('WAB_CONTENT_DIGEST_MISMATCH');
      const file = spooled;
      const { row, kept } = await this.#alone(mediaId, () => this.#commit(mediaId, file, options));
      if (kept) reservation.keep();
      return row;
    } catch (error) {
      throw isDiskFull(error) ? quota.full(error) : error;
    } finally {
      reservation.release();
      await spooled?.discard();
    }
  }

  async #commit(
    mediaId: MediaId,
    file: SpooledFile,
    options: IntakeOptions,
  ): Promise<{ row: MediaRow; kept: boolean }> {
    const { database, reads, clock } = this.#deps;
    const same = options.onKnown(await reads.find(mediaId), file.sha256);
    if (same) return { row: same, kept: false };
    const mimeType = await typeOfFile(file.path);
    // The file first: a file without a row is removed at the next start, a row without a file would be a lie.
    await file.commit(mediaId);
    const { sizeBytes, sha256 } = file;
    const row = await database.write(
      storeMedia({
        id: mediaId,
        mimeType,
        sizeBytes,
        sha256,
        fileName: options.fileName,
        ownerSessions: options.ownerSessions ?? null,
        now: clock.now(),
      }),
    );
    return { row, kept: true };
  }

  async #alone<T>(mediaId: MediaId, work: () => Promise<T>): Promise<T> {
    const turn = (this.#locks.get(mediaId) ?? Promise.resolve()).then(work, work);
    this.#locks.set(mediaId, turn);
    try {
      return await turn;
    } finally {
      if (this.#locks.get(mediaId) === turn) this.#locks.delete(mediaId);
    }
  }
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const isDiskFull = (error: unknown): boolean => DISK_FULL.has((error as NodeJS.ErrnoException | null)?.code ?? '');

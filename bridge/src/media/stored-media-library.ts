/** The media library over a media store and the database. */
import { createHash } from 'node:crypto';
import { WabError } from '../contract/errors.ts';
import type { SendableMediaKind } from '../contract/kinds.ts';
import type { MessageFile } from '../contract/message-data.ts';
import { safeFileName } from '../contract/file-name.ts';
import type { MediaId, SessionName, MessageId } from '../contract/ids.ts';
import type { OutgoingFile } from '../engine/engine-operations.ts';
import type { Clock } from '../ops/clock.ts';
import type { Waiters } from '../ops/waiters.ts';
import type { Call } from '../store/operation.ts';
import { expectMedia, type MediaReads, type MediaRow } from '../store/media.repository.ts';
import type { MediaIntake } from './media-intake.ts';
import { mayUse, type MediaInfo, type MediaLibrary, type Upload } from './media-library.ts';
import { limitFor, type MediaLimits } from './media-limits.ts';
import type { ByteRange, MediaStore } from './media-store.ts';
import { fitsKind, nameFor } from './media-type.ts';

export interface MediaLibraryDependencies {
  readonly store: MediaStore;
  readonly intake: MediaIntake;
  readonly reads: MediaReads;
  /** Woken when a medium changes. */
  readonly changes: Waiters<MediaId>;
  readonly limits: MediaLimits;
  readonly clock: Clock;
}

export class StoredMediaLibrary implements MediaLibrary {
  readonly #deps: MediaLibraryDependencies;

  constructor(deps: MediaLibraryDependencies) {
    this.#deps = deps;
  }

  async upload(upload: Upload, body: NodeJS.ReadableStream): Promise<MediaInfo> {
    const { intake, limits, reads } = this.#deps;
    const { mediaId, sessions } = upload;
    const expected = Buffer.from(upload.sha256, 'base64').toString('hex');
    const limitBytes = Math.max(...Object.values(limits));
    const known = await reads.find(mediaId);
    if (known) {
      // Said before the bytes are taken; the same bytes again are read, since the digest must hold, but not stored.
      const same = sameUpload(known, expected, sessions);
      await drain(body, expected, limitBytes);
      return infoOf(same);
    }
    const row = await intake.take(mediaId, body, {
      limitBytes,
      ...(upload.sizeBytes === null ? {} : { announcedBytes: upload.sizeBytes }),
      kind: 'upload',
      fileName: nameOf(upload.fileName),
      ownerSessions: sessions === null ? null : [...sessions].sort(),
      expectedSha256: expected,
      onKnown: (meanwhile, sha256) => (meanwhile ? sameUpload(meanwhile, sha256, sessions) : null),
    });
    return infoOf(row);
  }

  async info(mediaId: MediaId, waitMs = 0): Promise<MediaInfo> {
    const { changes, clock } = this.#deps;
    return infoOf(
      await changes.until(
        mediaId,
        () => this.#row(mediaId),
        (row) => row.state !== 'pending',
        waitMs,
        clock,
      ),
    );
  }

  async open(
    mediaId: MediaId,
    range?: ByteRange,
  ): Promise<{ readonly info: MediaInfo; readonly stream: NodeJS.ReadableStream }> {
    const row = await this.#stored(mediaId);
    const stream = await this.#deps.store.open(mediaId, range);
    if (!stream) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId });
    return { info: infoOf(row), stream };
  }

  async checkSendable(mediaId: MediaId, kind: SendableMediaKind): Promise<{ readonly mimeType: string }> {
    return { mimeType: (await this.#sendable(mediaId, kind)).mime_type };
  }

  async forSend(mediaId: MediaId, kind: SendableMediaKind, fileName?: string): Promise<OutgoingFile> {
    const row = await this.#sendable(mediaId, kind);
    const path = await this.#deps.store.localPath(mediaId);
    if (path === null) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId });
    return {
      path,
      mimeType: row.mime_type,
      sizeBytes: row.size_bytes,
      fileName: nameOf(fileName) ?? nameOf(row.file_name) ?? nameFor(mediaId, row.mime_type),
    };
  }

  expect({ kind, media }: MessageFile, session: SessionName, messageId: MessageId): Call<void> {
    return expectMedia({
      id: media.mediaId as MediaId,
      session,
      messageId,
      kind,
      mimeType: media.mimeType,
      fileName: nameOf(media.fileName),
      now: this.#deps.clock.now(),
    });
  }

  async #row(mediaId: MediaId): Promise<MediaRow> {
    const row = await this.#deps.reads.find(mediaId);
    if (!row) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId });
    return row;
  }

  async #sendable(mediaId: MediaId, kind: SendableMediaKind): Promise<MediaRow> {
    const row = await this.#stored(mediaId);
    if (!fitsKind(row.mime_type, kind)) throw new WabError('WAB_MEDIA_TYPE', { found: row.mime_type, kind });
    const limitBytes = limitFor(this.#deps.limits, kind);
    if (row.size_bytes > limitBytes) throw new WabError('WAB_MEDIA_TOO_LARGE', { limitBytes, kind });
    return row;
  }

  async #stored(mediaId: MediaId): Promise<MediaRow> {
    const row = await this.#row(mediaId);
    if (row.state === 'pending') throw new WabError('WAB_MEDIA_PENDING', { mediaId });
    if (row.state === 'failed')
      throw new WabError('WAB_MEDIA_FAILED', { mediaId, reason: row.failure ?? 'the reason is unknown' });
    return row;
  }
}

/** @throws WabError WAB_MEDIA_EXISTS if the id names anything but the same upload of the same sessions */
function sameUpload(known: MediaRow, sha256: string, sessions: Upload['sessions']): MediaRow {
  const isSame = known.state === 'stored' && known.session === null && known.sha256 === sha256;
  if (isSame && mayUse(sessions, infoOf(known))) return known;
  throw new WabError('WAB_MEDIA_EXISTS', { mediaId: known.id });
}

async function drain(body: NodeJS.ReadableStream, expectedSha256: string, limitBytes: number): Promise<void> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw new WabError('WAB_MEDIA_TOO_LARGE', { limitBytes, kind: 'upload' });
  }
  if (hash.digest('hex') !== expectedSha256) throw new WabError('WAB_CONTENT_DIGEST_MISMATCH');
}

/** Also of rows from before names were cleaned. */
const nameOf = (name: string | null | undefined): string | null => (name == null ? null : safeFileName(name));

function ownersOf(row: MediaRow): readonly SessionName[] | null {
  if (row.session !== null) return [row.session as SessionName];
  return row.owner_sessions === null ? null : (JSON.parse(row.owner_sessions) as SessionName[]);
}

const infoOf = (row: MediaRow): MediaInfo => ({
  mediaId: row.id as MediaId,
  session: row.session as SessionName | null,
  owners: ownersOf(row),
  state: row.state,
  mimeType: row.mime_type,
  sizeBytes: row.size_bytes,
  sha256: row.sha256,
  fileName: nameOf(row.file_name),
  failure: row.state === 'failed' ? row.failure : null,
  createdAt: new Date(row.created_at).toISOString(),
});

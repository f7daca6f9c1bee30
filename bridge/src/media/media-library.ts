/** Media files: uploaded by clients to be sent, or fetched from WhatsApp after an event named them. */
import type { SendableMediaKind } from '../contract/kinds.ts';
import type { MessageFile } from '../contract/message-data.ts';
import type { MediaId, SessionName, MessageId } from '../contract/ids.ts';
import type { MediaView } from '../contract/views/media.ts';
import type { OutgoingFile } from '../engine/engine-operations.ts';
import type { Call } from '../store/operation.ts';
import type { ByteRange } from './media-store.ts';

/** What is known of a file, and whose it is. */
export interface MediaInfo extends Readonly<MediaView> {
  /** The session whose message carries it, or those of the key that uploaded it; null for a key with all sessions. */
  readonly owners: readonly SessionName[] | null;
}

export interface Upload {
  /** Chosen by the client. */
  readonly mediaId: MediaId;
  /** Digest from the verified Content-Digest header, base64. */
  readonly sha256: string;
  /** From Content-Length; null if the client did not say. */
  readonly sizeBytes: number | null;
  readonly fileName: string | null;
  /** The sessions of the client's key, to which the file belongs from now on; null for all. */
  readonly sessions: ReadonlySet<SessionName> | null;
}

/** Whether a key may use a file: one with all sessions, or with every session that the file belongs to. */
export const mayUse = (sessions: ReadonlySet<SessionName> | null, { owners }: Pick<MediaInfo, 'owners'>): boolean =>
  sessions === null || (owners !== null && owners.every((owner) => sessions.has(owner)));

export interface MediaLibrary {
  /**
   * Stores an upload under an id that the client chose. The same id with the same bytes is the same upload.
   * The stream is spooled to disk and hashed; nothing remains of an upload that fails.
   *
   * @throws WabError WAB_CONTENT_DIGEST_MISMATCH, WAB_MEDIA_EXISTS, WAB_MEDIA_TOO_LARGE, WAB_STORAGE_FULL,
   *   WAB_MEDIA_STORE_UNAVAILABLE
   */
  upload(upload: Upload, body: NodeJS.ReadableStream): Promise<MediaInfo>;
  /**
   * @param waitMs wait at most this long for a pending file
   * @throws WabError WAB_MEDIA_NOT_FOUND
   */
  info(mediaId: MediaId, waitMs?: number): Promise<MediaInfo>;
  /**
   * @param range within the file; all of it by default
   * @throws WabError WAB_MEDIA_NOT_FOUND, WAB_MEDIA_PENDING, WAB_MEDIA_FAILED, WAB_MEDIA_STORE_UNAVAILABLE
   */
  open(
    mediaId: MediaId,
    range?: ByteRange,
  ): Promise<{ readonly info: MediaInfo; readonly stream: NodeJS.ReadableStream }>;
  /**
   * Whether a file can be sent as this kind, without asking the store for it.
   *
   * @throws WabError WAB_MEDIA_NOT_FOUND, WAB_MEDIA_TYPE, WAB_MEDIA_TOO_LARGE
   */
  checkSendable(mediaId: MediaId, kind: SendableMediaKind): Promise<{ readonly mimeType: string }>;
  /** The file for a send, checked for the kind. @throws as `checkSendable`, and WabError WAB_MEDIA_STORE_UNAVAILABLE */
  forSend(mediaId: MediaId, kind: SendableMediaKind, fileName?: string): Promise<OutgoingFile>;
  /** The write that notes, together with its event, that a file is to be fetched. */
  expect(file: MessageFile, session: SessionName, messageId: MessageId): Call<void>;
}

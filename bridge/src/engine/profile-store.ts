/**
 * The profile store seam: where sealed copies of login states are kept, so that another machine can go on with them. A store
 * knows nothing of what it keeps. Every implementation passes `test/conformance/profile-store.suite.ts`; ADR 38 says how a
 * session uses it.
 *
 * Of each session there is a record, a small text that is replaced only by those who have read it, and archives, which never
 * change. The record says which archive counts, and who may write the next.
 */

export interface StoredRecord {
  readonly text: string;
  /** Opaque; each write of the record gives it another. */
  readonly version: string;
}

export interface ArchiveFile {
  readonly path: string;
  readonly sizeBytes: number;
  /** Of all bytes, hex. */
  readonly sha256: string;
}

export interface ProfileStore {
  /** How a person names it. */
  readonly name: string;
  /**
   * Whether it can be used, and keeps to the conditions of `writeRecord`.
   *
   * @throws WabError WAB_PROFILE_STORE_UNAVAILABLE, WAB_PROFILE_STORE_UNUSABLE. All others throw the first only
   */
  check(): Promise<void>;
  stop(): Promise<void>;
  /** Null if nothing was ever written. */
  readRecord(session: string): Promise<StoredRecord | null>;
  /**
   * Writes the record if nobody has since it was read. Of writers at the same time, one succeeds.
   *
   * @param version as it was read; null if there was none
   * @returns its new version; null if it was not written, or if it was and the answer was lost: read it to know
   */
  writeRecord(session: string, text: string, version: string | null): Promise<string | null>;
  /** Keeps a local file as an archive, whole or not at all. @param id new; letters, digits and `-` */
  putArchive(session: string, id: string, file: ArchiveFile, signal?: AbortSignal): Promise<void>;
  /** Writes an archive to a local file that does not exist yet. @returns false if there is no such archive */
  getArchive(session: string, id: string, path: string, signal?: AbortSignal): Promise<boolean>;
  /** Has no effect if there is no such archive. */
  removeArchive(session: string, id: string): Promise<void>;
  /** Ids of the archives of a session. @param before only those from before that time, in milliseconds since the epoch */
  archives(session: string, before?: number): AsyncIterable<string>;
}

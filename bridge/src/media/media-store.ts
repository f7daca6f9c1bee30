/**
 * The media store seam: bytes under keys, nothing about what they mean. Every implementation passes
 * `test/conformance/media-store.suite.ts`.
 */
export interface SpooledFile {
  /** A local file that holds all bytes until `commit` or `discard`. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
  /** Puts the bytes under a key, for good: they survive a power cut once this has resolved. Replaces what was there. */
  commit(key: string): Promise<void>;
  /** Removes the bytes. After `commit` it does nothing. */
  discard(): Promise<void>;
}

/** Both ends belong to the range; the first byte is 0. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface StoredFile {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

export interface MediaStore {
  /** Whether other processes may put files here at the same time. Reaching it may take a network, and fail. */
  readonly shared: boolean;
  /** Makes the store usable on this machine and removes what interrupted spools have left. Does not need the network. */
  start(): Promise<void>;
  /** Ends what is open. */
  stop(): Promise<void>;
  /**
   * Resolves if the store can be used now.
   *
   * @throws WabError WAB_MEDIA_STORE_UNAVAILABLE, or WAB_MEDIA_STORE_UNUSABLE if somebody must change something first
   */
  check(): Promise<void>;
  /**
   * Takes a stream to disk and hashes it on the way. Nothing remains of a stream that fails; the stream itself is not
   * destroyed, since its owner may have an answer to give on the same socket.
   *
   * @param onBytes called before each chunk is kept, with its size; what it throws ends the spooling
   */
  spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile>;
  /** The bytes under a key, or null if there are none. @param range within the file; all of it by default */
  open(key: string, range?: ByteRange): Promise<NodeJS.ReadableStream | null>;
  /** Size and digest of the bytes under a key, or null if there are none. */
  describe(key: string): Promise<StoredFile | null>;
  /** A local file with the bytes, for engines that read files; null if there are none. It stays for at least half an hour. */
  localPath(key: string): Promise<string | null>;
  /** Also if there is nothing to remove. */
  remove(key: string): Promise<void>;
  /** Every key that has bytes. @param before only what was put there before that time, in milliseconds since the epoch */
  keys(before?: number): AsyncIterable<string>;
  /** Removes what interrupted commits have left in the store. @param before only what began before that time */
  removeUnfinished(before: number): Promise<void>;
}

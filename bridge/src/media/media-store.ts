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

export interface MediaStore {
  /** Makes the store usable and removes what interrupted spools have left. */
  start(): Promise<void>;
  /**
   * Takes a stream to disk and hashes it on the way. Nothing remains of a stream that fails; the stream itself is not
   * destroyed, since its owner may have an answer to give on the same socket.
   *
   * @param onBytes called before each chunk is kept, with its size; what it throws ends the spooling
   */
  spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile>;
  /** The bytes under a key, or null if there are none. */
  open(key: string): Promise<NodeJS.ReadableStream | null>;
  /** A local file with the bytes, for engines that read files; null if there are none. */
  localPath(key: string): Promise<string | null>;
  /** Also if there is nothing to remove. */
  remove(key: string): Promise<void>;
  /** Every key that has bytes. */
  keys(): AsyncIterable<string>;
}

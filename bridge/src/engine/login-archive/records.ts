/**
 * Files one after another: for each 4 bytes with the length of its description, the description as JSON (`path`, `size`)
 * and its bytes; at the end 4 zero bytes. There are no links, rights or owners in it, so there is nothing to abuse.
 */
import { open, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A file to be archived. */
export interface ArchivedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly size: number;
  readonly read: () => AsyncIterable<Buffer>;
}

export interface Counted {
  files: number;
  bytes: number;
}

const LENGTH_BYTES = 4;
const MOST_DESCRIPTION_BYTES = 4096;
const MOST_PATH = 1024;

/** @throws Error if a file changed its size while it was read */
export async function* packRecords(files: AsyncIterable<ArchivedFile>, counted: Counted): AsyncGenerator<Buffer> {
  for await (const { path, size, read } of files) {
    if (!isSafePath(path)) throw new Error(`a file of the login state has a name that cannot be archived: ${path}`);
    const description = Buffer.from(JSON.stringify({ path, size }));
    yield Buffer.concat([lengthOf(description.length), description]);
    let left = size;
    for await (const part of read()) {
      left -= part.length;
      if (left < 0) break;
      yield part;
    }
    if (left !== 0) throw new Error(`${path} changed while it was read; is something still using the login state?`);
    counted.files += 1;
    counted.bytes += size;
  }
  yield lengthOf(0);
}

/**
 * Writes the files below a folder, which is empty and nobody else's.
 *
 * @throws Error if the records are not what `packRecords` writes, or a path leads out of the folder
 */
export async function unpackRecords(source: AsyncIterable<Buffer>, folder: string, counted: Counted): Promise<void> {
  const reader = new ByteReader(source);
  for (;;) {
    const length = (await reader.exactly(LENGTH_BYTES)).readUInt32BE();
    if (length === 0) break;
    if (length > MOST_DESCRIPTION_BYTES) throw new Error('a description is too long');
    const { path, size } = describe(await reader.exactly(length));
    const target = join(folder, path);
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    // Exclusively: a path that comes twice is refused, and nothing that stands there is written through.
    const file = await open(target, 'wx', 0o600);
    try {
      for await (const part of reader.upTo(size)) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    counted.files += 1;
    counted.bytes += size;
  }
  if (!(await reader.atEnd())) throw new Error('there is data after the end');
}

/** Whether a path stays below the folder it is joined to, on any system. */
export function isSafePath(path: string): boolean {
  // eslint-disable-next-line no-control-regex
  if (path.length === 0 || path.length > MOST_PATH || /[\\:\u0000-\u001f]/.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}

function describe(bytes: Buffer): { path: string; size: number } {
  const { path, size } = JSON.parse(bytes.toString('utf8')) as { path?: unknown; size?: unknown };
  if (typeof path !== 'string' || !isSafePath(path)) throw new Error('a path points outside the folder');
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    throw new Error('a size is not a valid number');
  return { path, size };
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.alloc(LENGTH_BYTES);
  bytes.writeUInt32BE(length);
  return bytes;
}

/** Takes a stream apart by counted bytes. */
class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  async exactly(count: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for await (const part of this.upTo(count)) parts.push(part);
    return Buffer.concat(parts);
  }

  /** The next bytes in the parts in which they come. @throws Error if the stream ends before */
  async *upTo(count: number): AsyncGenerator<Buffer> {
    for (let left = count; left > 0;) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new Error('the records are cut off');
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async atEnd(): Promise<boolean> {
    return this.#rest.length === 0 && !(await this.#more());
  }

  async #more(): Promise<boolean> {
    for (;;) {
      const next = await this.#source.next();
      if (next.done === true) return false;
      this.#rest = next.value;
      if (this.#rest.length > 0) return true;
    }
  }
}

/** Takes streams to the local disk and hashes them on the way, before any store has them. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { SpooledFile } from './media-store.ts';

export class Spool {
  readonly #folder: string;
  readonly #place: (file: SpooledFile, key: string) => Promise<void>;

  /** @param place puts a spooled file under a key, and takes it away from here */
  constructor(folder: string, place: (file: SpooledFile, key: string) => Promise<void>) {
    this.#folder = folder;
    this.#place = place;
  }

  /** Removes what interrupted spools have left. */
  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** As `MediaStore.spool` says. */
  async take(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile> {
    const path = this.newPath();
    const hash = createHash('sha256');
    let sizeBytes = 0;
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        for await (const chunk of chunksOf(body)) {
          onBytes(chunk.length);
          sizeBytes += chunk.length;
          hash.update(chunk);
          await writeAll(file, chunk);
        }
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return new SpooledOnDisk(path, sizeBytes, hash.digest('hex'), this.#place);
  }

  /** A file that does not exist yet, removed at the next start. */
  newPath(): string {
    return join(this.#folder, randomUUID());
  }
}

class SpooledOnDisk implements SpooledFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly #place: (file: SpooledFile, key: string) => Promise<void>;
  #placed = false;

  constructor(
    path: string,
    sizeBytes: number,
    sha256: string,
    place: (file: SpooledFile, key: string) => Promise<void>,
  ) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.sha256 = sha256;
    this.#place = place;
  }

  async commit(key: string): Promise<void> {
    await this.#place(this, key);
    this.#placed = true;
  }

  async discard(): Promise<void> {
    if (!this.#placed) await rm(this.path, { force: true });
  }
}

async function* chunksOf(body: NodeJS.ReadableStream): AsyncIterable<Buffer> {
  const chunks = body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : body;
  for await (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Buffer);
}

async function writeAll(file: FileHandle, chunk: Buffer): Promise<void> {
  for (let written = 0; written < chunk.length;) written += (await file.write(chunk, written)).bytesWritten;
}

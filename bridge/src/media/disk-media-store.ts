/** Media on a local disk: `files/<last two characters of the key>/<key>`, spooled in `spool/` of the same file system. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, opendir, rename, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { MediaStore, SpooledFile } from './media-store.ts';

const KEY = /^[A-Za-z0-9_-]{2,128}$/;

export class DiskMediaStore implements MediaStore {
  readonly #spool: string;
  readonly #files: string;

  constructor(folder: string) {
    this.#spool = join(folder, 'spool');
    this.#files = join(folder, 'files');
  }

  async start(): Promise<void> {
    await rm(this.#spool, { recursive: true, force: true });
    await mkdir(this.#spool, { recursive: true, mode: 0o700 });
    await mkdir(this.#files, { recursive: true, mode: 0o700 });
  }

  async spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile> {
    const path = join(this.#spool, randomUUID());
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
    return new SpooledOnDisk(path, sizeBytes, hash.digest('hex'), (key) => this.#place(path, key));
  }

  async open(key: string): Promise<NodeJS.ReadableStream | null> {
    const path = await this.localPath(key);
    return path === null ? null : createReadStream(path);
  }

  async localPath(key: string): Promise<string | null> {
    const path = this.#pathOf(key);
    try {
      await access(path);
      return path;
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async remove(key: string): Promise<void> {
    await rm(this.#pathOf(key), { force: true });
  }

  async *keys(): AsyncIterable<string> {
    for await (const shard of await opendir(this.#files)) {
      if (!shard.isDirectory()) continue;
      for await (const file of await opendir(join(this.#files, shard.name))) yield file.name;
    }
  }

  async #place(spooled: string, key: string): Promise<void> {
    const path = this.#pathOf(key);
    const shard = join(path, '..');
    if ((await mkdir(shard, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(this.#files);
    await rename(spooled, path);
    await syncFolder(shard);
  }

  #pathOf(key: string): string {
    if (!KEY.test(key)) throw new Error('A media key has a character that is not allowed');
    return join(this.#files, key.slice(-2), key);
  }
}

class SpooledOnDisk implements SpooledFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly #place: (key: string) => Promise<void>;
  #placed = false;

  constructor(path: string, sizeBytes: number, sha256: string, place: (key: string) => Promise<void>) {
    this.path = path;
    this.sizeBytes = sizeBytes;
    this.sha256 = sha256;
    this.#place = place;
  }

  async commit(key: string): Promise<void> {
    await this.#place(key);
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

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

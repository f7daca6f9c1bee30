/** Media on a local disk: `files/<last two characters of the key>/<key>`, spooled in `spool/` of the same file system. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, open, opendir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { requireMediaKey } from './media-key.ts';
import type { ByteRange, MediaStore, SpooledFile, StoredFile } from './media-store.ts';
import { Spool } from './spool.ts';

export class DiskMediaStore implements MediaStore {
  readonly shared = false;
  readonly #files: string;
  readonly #spool: Spool;

  constructor(folder: string) {
    this.#files = join(folder, 'files');
    this.#spool = new Spool(join(folder, 'spool'), ({ path }, key) => this.#place(path, key));
  }

  async start(): Promise<void> {
    await this.#spool.start();
    await mkdir(this.#files, { recursive: true, mode: 0o700 });
  }

  async stop(): Promise<void> {
    // Nothing is open.
  }

  async check(): Promise<void> {
    await access(this.#files);
  }

  spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile> {
    return this.#spool.take(body, onBytes);
  }

  async open(key: string, range?: ByteRange): Promise<NodeJS.ReadableStream | null> {
    const path = await this.localPath(key);
    return path === null ? null : createReadStream(path, range);
  }

  async describe(key: string): Promise<StoredFile | null> {
    const path = await this.localPath(key);
    if (path === null) return null;
    const hash = createHash('sha256');
    await pipeline(createReadStream(path), hash);
    return { sizeBytes: (await stat(path)).size, sha256: hash.digest('hex') };
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

  async *keys(before = Infinity): AsyncIterable<string> {
    for await (const shard of await opendir(this.#files)) {
      if (!shard.isDirectory()) continue;
      for await (const { name } of await opendir(join(this.#files, shard.name)))
        if (before === Infinity || (await changedAt(join(this.#files, shard.name, name))) < before) yield name;
    }
  }

  async removeUnfinished(): Promise<void> {
    // A commit is one rename: there is nothing between done and not done.
  }

  async #place(spooled: string, key: string): Promise<void> {
    const path = this.#pathOf(key);
    const shard = join(path, '..');
    if ((await mkdir(shard, { recursive: true, mode: 0o700 })) !== undefined) await syncFolder(this.#files);
    await rename(spooled, path);
    await syncFolder(shard);
  }

  #pathOf(key: string): string {
    return join(this.#files, requireMediaKey(key).slice(-2), key);
  }
}

/** When the file got its place, in milliseconds since the epoch; never if it is gone. */
async function changedAt(path: string): Promise<number> {
  try {
    return (await stat(path)).ctimeMs;
  } catch (error) {
    if (isMissing(error)) return Infinity;
    throw error;
  }
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

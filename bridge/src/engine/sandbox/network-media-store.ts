/** Files of one simulated account, stored under the digest of their bytes. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform, type Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../../ops/file-modes.ts';

export class NetworkMediaStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** @returns SHA-256 (hex) and size of what the stream held */
  async store(bytes: Readable): Promise<{ readonly ref: string; readonly sizeBytes: number }> {
    await mkdir(this.#folder, { recursive: true, mode: PRIVATE_FOLDER });
    const spool = join(this.#folder, `spool-${randomUUID()}`);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done): void {
        hash.update(chunk);
        sizeBytes += chunk.length;
        done(null, chunk);
      },
    });
    try {
      await pipeline(bytes, measure, createWriteStream(spool, { flush: true, mode: PRIVATE_FILE }));
      const ref = hash.digest('hex');
      await rename(spool, join(this.#folder, ref));
      return { ref, sizeBytes };
    } catch (error) {
      await rm(spool, { force: true });
      throw error;
    }
  }

  /** @throws an error with code ENOENT if there is no such file */
  async open(ref: string): Promise<Readable> {
    if (!/^[0-9a-f]{64}$/.test(ref)) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    const file = join(this.#folder, ref);
    await access(file);
    return createReadStream(file);
  }
}

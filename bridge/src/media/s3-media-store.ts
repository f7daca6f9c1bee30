/**
 * Media in a bucket, one object each: `<prefix>files/<key>`. Spooled on the local disk first, so that nothing reaches the
 * bucket before its size, digest and type are known (ADR 36). Loaded only if a setting asks for it: it brings the SDK along.
 */
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WabError } from '../contract/errors.ts';
import type { Clock } from '../ops/clock.ts';
import { LocalCache } from './local-cache.ts';
import { isMediaKey, requireMediaKey } from './media-key.ts';
import type { ByteRange, MediaStore, SpooledFile, StoredFile } from './media-store.ts';
import { Spool } from './spool.ts';
import { S3Bucket, type S3Location } from '../s3/s3-bucket.ts';
import type { StoreKind } from '../s3/s3-failure.ts';

/** Below the prefix, so that nothing else in a bucket is ever taken for a file of ours. */
const FILES = 'files/';
const KIND: StoreKind = {
  unavailable: 'WAB_MEDIA_STORE_UNAVAILABLE',
  unusable: 'WAB_MEDIA_STORE_UNUSABLE',
  setting: 'WABRIDGE_MEDIA_URL',
};

export interface S3MediaStoreOptions {
  /** For spools and local copies; private to this process. */
  readonly folder: string;
  /** How much local copies may take. */
  readonly cacheBytes: number;
  readonly clock: Pick<Clock, 'elapsed'>;
}

export class S3MediaStore implements MediaStore {
  readonly shared = true;
  readonly #bucket: S3Bucket;
  readonly #spool: Spool;
  readonly #cache: LocalCache;

  constructor(location: S3Location, { folder, cacheBytes, clock }: S3MediaStoreOptions) {
    this.#bucket = new S3Bucket(location, FILES, KIND);
    this.#spool = new Spool(join(folder, 'spool'), (file, key) => this.#place(file, key));
    this.#cache = new LocalCache(join(folder, 'cache'), cacheBytes, clock);
  }

  async start(): Promise<void> {
    await this.#spool.start();
    await this.#cache.start();
  }

  async stop(): Promise<void> {
    this.#bucket.close();
  }

  check(): Promise<void> {
    return this.#bucket.check();
  }

  spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile> {
    return this.#spool.take(body, onBytes);
  }

  async open(key: string, range?: ByteRange): Promise<NodeJS.ReadableStream | null> {
    return this.#bucket.get(requireMediaKey(key), range);
  }

  async describe(key: string): Promise<StoredFile | null> {
    const known = await this.#bucket.describe(requireMediaKey(key));
    if (known === null || known.sha256 !== '') return known;
    const body = await this.#bucket.get(key);
    if (body === null) return null;
    const hash = createHash('sha256');
    await this.#received(pipeline(body, hash));
    return { ...known, sha256: hash.digest('hex') };
  }

  localPath(key: string): Promise<string | null> {
    requireMediaKey(key);
    return this.#cache.path(key, () => this.#load(key));
  }

  async remove(key: string): Promise<void> {
    await this.#cache.drop(requireMediaKey(key));
    await this.#bucket.remove(key);
  }

  async *keys(before = Infinity): AsyncIterable<string> {
    for await (const key of this.#bucket.keys(before)) if (isMediaKey(key)) yield key;
  }

  removeUnfinished(before: number): Promise<void> {
    return this.#bucket.abortUploads(before);
  }

  async #place(file: SpooledFile, key: string): Promise<void> {
    await this.#bucket.put(requireMediaKey(key), file.path, file);
    // What was just stored is what is sent next, mostly. It is safe in the bucket, whatever becomes of the copy.
    await this.#cache.adopt(key, file.path, file.sizeBytes).catch(() => rm(file.path, { force: true }));
  }

  /** Brings the bytes of an object to this disk. @throws WabError WAB_MEDIA_DAMAGED if they are not what was stored */
  async #load(key: string): Promise<{ path: string; bytes: number } | null> {
    const stored = await this.#bucket.describe(key);
    const body = stored && (await this.#bucket.get(key));
    if (!stored || !body) return null;
    const path = this.#spool.newPath();
    const hash = createHash('sha256');
    try {
      await this.#received(
        pipeline(
          body,
          async function* (chunks: AsyncIterable<Buffer>) {
            for await (const chunk of chunks) {
              hash.update(chunk);
              yield chunk;
            }
          },
          createWriteStream(path, { flags: 'wx', mode: 0o600 }),
        ),
      );
      const sha256 = hash.digest('hex');
      if (stored.sha256 !== '' && stored.sha256 !== sha256) throw new WabError('WAB_MEDIA_DAMAGED', { mediaId: key });
      return { path, bytes: stored.sizeBytes };
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
  }

  /** Waits for a download. */
  async #received(download: Promise<void>): Promise<void> {
    await download.catch((error: unknown) => {
      throw this.#bucket.explain(error);
    });
  }
}

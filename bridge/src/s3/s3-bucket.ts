/** The objects of one prefix of a bucket, with the failures of the SDK in the words of the catalogue. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  type ServerSideEncryption,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { WabError } from '../contract/errors.ts';
import { explainS3, isAbsent, isConditionFailure, isUnsupported, type StoreKind } from './s3-failure.ts';

export interface S3Location {
  readonly bucket: string;
  /** Empty, or it ends with a slash. */
  readonly prefix: string;
  readonly region: string | null;
  readonly endpoint: string | null;
  readonly pathStyle: boolean;
  readonly encryption: ServerSideEncryption | null;
  readonly kmsKeyId: string | null;
}

/** What is known of an object. */
interface ObjectFacts {
  readonly sizeBytes: number;
  /** Hex. */
  readonly sha256: string;
}

/** Of the bytes of an object, both inclusive. */
interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A small text, with what tells it from the text that replaces it. */
interface VersionedText {
  readonly text: string;
  readonly version: string;
}

/** Longest wait for a connection, and longest silence on one, in milliseconds. */
const CONNECT_MS = 5_000;
const SILENCE_MS = 60_000;
/** For a question whether the store can be used, in milliseconds. */
const CHECK_MS = 10_000;
/** Tries of one request, with the SDK's own short pauses. Longer pauses are up to those who ask. */
const ATTEMPTS = 3;
const MIB = 1024 * 1024;
/** The smallest part that S3 allows, and parts at the same time: together, what an upload holds in memory. */
const PART_BYTES = 5 * MIB;
const PARTS_AT_ONCE = 2;
const MOST_PARTS = 10_000;
/** Holds the digest (hex) of an object, which S3 itself does not know of one that came in parts. */
const DIGEST = 'sha256';
const DISK = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EROFS', 'EACCES', 'EIO', 'EMFILE']);

export class S3Bucket {
  /** How a person names it. */
  readonly name: string;
  readonly #location: S3Location;
  readonly #kind: StoreKind;
  readonly #client: S3Client;

  /** @param folder below the prefix; ends with a slash */
  constructor(location: S3Location, folder: string, kind: StoreKind) {
    this.#kind = kind;
    this.#location = { ...location, prefix: `${location.prefix}${folder}` };
    this.name = `s3://${location.bucket}/${location.prefix}`;
    const { region, endpoint, pathStyle } = location;
    // Servers that are not Amazon's mostly accept any region, but a signature has one.
    const signedRegion = region ?? (endpoint === null ? null : 'us-east-1');
    this.#client = new S3Client({
      ...(signedRegion === null ? {} : { region: signedRegion }),
      ...(endpoint === null ? {} : { endpoint }),
      forcePathStyle: pathStyle,
      maxAttempts: ATTEMPTS,
      // Uploads ask for SHA-256 themselves. The SDK's own default is not known to all servers.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: SILENCE_MS },
    });
  }

  close(): void {
    this.#client.destroy();
  }

  /**
   * Whether objects can be listed.
   *
   * @throws WabError of the kind of store: unavailable, or unusable
   */
  async check(): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#location;
    const list = new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: 1 });
    try {
      await this.#client.send(list, { abortSignal: AbortSignal.timeout(CHECK_MS) });
    } catch (error) {
      throw explainS3(error, this.name, this.#kind, true);
    }
  }

  /**
   * Whether the server keeps to the conditions of a write. One that does not know them would let an old text replace a new one.
   *
   * @throws WabError as `check`
   */
  async checkConditions(): Promise<void> {
    const key = `check-${randomUUID()}`;
    let writes = 0;
    const write = (condition: object): Promise<string | null> => this.#write(key, String(++writes), condition);
    try {
      const first = await write({ IfNoneMatch: '*' });
      const second = first === null ? null : await write({ IfMatch: first });
      if (second === null)
        throw new WabError(this.#kind.unavailable, { store: this.name, reason: 'it refused a write' });
      const isKept = (await write({ IfNoneMatch: '*' })) === null && (await write({ IfMatch: first })) === null;
      if (isKept) return;
    } catch (error) {
      if (!isUnsupported(error)) throw explainS3(error, this.name, this.#kind, true);
    } finally {
      await this.remove(key).catch(() => undefined);
    }
    const reason =
      'its server does not support conditional writes (If-Match, If-None-Match), without which an old login could replace a new one';
    throw new WabError(this.#kind.unusable, { store: this.name, reason });
  }

  /** A failure of a request or a stream, as an error of the catalogue. One of the local disk is not the store's. */
  explain(error: unknown): Error {
    const isLocal = DISK.has((error as NodeJS.ErrnoException).code ?? '');
    return isLocal ? (error as Error) : explainS3(error, this.name, this.#kind);
  }

  /**
   * Stores a local file. In parts where it is large; they are given up if one fails, or if the file is not what was hashed.
   *
   * @param signal ends it before
   * @throws WabError of the kind of store: unavailable
   */
  async put(key: string, path: string, file: ObjectFacts, signal?: AbortSignal): Promise<void> {
    const upload = new Upload({
      client: this.#client,
      queueSize: PARTS_AT_ONCE,
      partSize: Math.max(PART_BYTES, Math.ceil(file.sizeBytes / MOST_PARTS)),
      params: {
        ...this.#object(key),
        Body: Readable.from(checked(path, file)),
        ChecksumAlgorithm: 'SHA256',
        ContentType: 'application/octet-stream',
        Metadata: { [DIGEST]: file.sha256 },
        ...this.#encryption,
      },
    });
    let failure: Error | null = null;
    const abort = (): void => void upload.abort().catch(() => undefined);
    signal?.addEventListener('abort', abort, { once: true });
    if (signal?.aborted === true) abort();
    await upload
      .done()
      .catch((error: unknown) => (failure = this.explain(error)))
      .finally(() => signal?.removeEventListener('abort', abort));
    // Asked for in both cases: an answer that was lost says nothing about the upload.
    const stored = await this.describe(key, signal).catch((error: Error) => Promise.reject(failure ?? error));
    if (stored?.sizeBytes === file.sizeBytes && stored.sha256 === file.sha256) return;
    const reason = 'it does not have what was uploaded';
    throw failure ?? new WabError(this.#kind.unavailable, { store: this.name, reason });
  }

  /** A small text, or null if there is none. */
  async readText(key: string): Promise<VersionedText | null> {
    return this.#unlessAbsent(async () => {
      const get = new GetObjectCommand(this.#object(key));
      const { Body, ETag } = await this.#client.send(get, { abortSignal: AbortSignal.timeout(CHECK_MS) });
      return { text: await Body!.transformToString(), version: ETag ?? '' };
    });
  }

  /**
   * Writes a small text if the object still has a version, or does not exist.
   *
   * @param version null: it must not exist
   * @returns its new version; null if it was not written. After a lost answer, null can mean that it was
   */
  async writeText(key: string, text: string, version: string | null): Promise<string | null> {
    const condition = version === null ? { IfNoneMatch: '*' } : { IfMatch: version };
    return this.#explained(() => this.#write(key, text, condition));
  }

  async #write(key: string, text: string, condition: object): Promise<string | null> {
    const put = new PutObjectCommand({
      ...this.#object(key),
      ...this.#encryption,
      ...condition,
      Body: text,
      ContentType: 'application/json',
    });
    try {
      return (await this.#client.send(put, { abortSignal: AbortSignal.timeout(CHECK_MS) })).ETag ?? '';
    } catch (error) {
      if (isConditionFailure(error)) return null;
      throw error;
    }
  }

  /** The bytes, or null if there are none. */
  async get(key: string, range?: ByteRange, signal?: AbortSignal): Promise<Readable | null> {
    const part = range && { Range: `bytes=${range.start}-${range.end}` };
    const answer = await this.#unlessAbsent(() =>
      this.#client.send(new GetObjectCommand({ ...this.#object(key), ...part }), signal && { abortSignal: signal }),
    );
    // In Node, the SDK's stream is a Readable.
    return answer === null ? null : (answer.Body as Readable);
  }

  /** Size and digest, or null if there is no such object. The digest of one that others have put there is empty. */
  async describe(key: string, signal?: AbortSignal): Promise<ObjectFacts | null> {
    const answer = await this.#unlessAbsent(() =>
      this.#client.send(new HeadObjectCommand(this.#object(key)), signal && { abortSignal: signal }),
    );
    return answer && { sizeBytes: answer.ContentLength ?? 0, sha256: answer.Metadata?.[DIGEST] ?? '' };
  }

  async remove(key: string): Promise<void> {
    await this.#explained(() => this.#client.send(new DeleteObjectCommand(this.#object(key))));
  }

  /**
   * @param before only objects that were last written before that time, in milliseconds since the epoch
   * @param folder only objects below it; ends with a slash. The keys are without it
   */
  async *keys(before: number, folder = ''): AsyncIterable<string> {
    const { bucket: Bucket } = this.#location;
    const Prefix = `${this.#location.prefix}${folder}`;
    let token: string | undefined;
    do {
      const from = token === undefined ? {} : { ContinuationToken: token };
      const page = await this.#explained(() =>
        this.#client.send(new ListObjectsV2Command({ Bucket, Prefix, ...from })),
      );
      for (const { Key, LastModified } of page.Contents ?? [])
        if (Key !== undefined && (LastModified?.getTime() ?? 0) < before) yield Key.slice(Prefix.length);
      token = page.IsTruncated ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** Gives up uploads in parts that nobody has finished. @param before those that began before that time */
  async abortUploads(before: number): Promise<void> {
    const { bucket: Bucket, prefix: Prefix } = this.#location;
    let from: { KeyMarker?: string; UploadIdMarker?: string } | null = {};
    while (from !== null) {
      const markers: object = from;
      const page = await this.#explained(() =>
        this.#client
          .send(new ListMultipartUploadsCommand({ Bucket, Prefix, ...markers }))
          .catch((error: unknown) => (isUnsupported(error) ? null : Promise.reject(error as Error))),
      );
      for (const { Key, UploadId, Initiated } of page?.Uploads ?? []) {
        if ((Initiated?.getTime() ?? Infinity) >= before) continue;
        const upload = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
        await this.#unlessAbsent(() => this.#client.send(upload));
      }
      const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page ?? {};
      from =
        page?.IsTruncated && KeyMarker !== undefined
          ? { KeyMarker, ...(UploadIdMarker === undefined ? {} : { UploadIdMarker }) }
          : null;
    }
  }

  /** What the server is asked for. */
  get #encryption(): { ServerSideEncryption?: ServerSideEncryption; SSEKMSKeyId?: string } {
    const { encryption, kmsKeyId } = this.#location;
    return {
      ...(encryption === null ? {} : { ServerSideEncryption: encryption }),
      ...(kmsKeyId === null ? {} : { SSEKMSKeyId: kmsKeyId }),
    };
  }

  #object(key: string): { Bucket: string; Key: string } {
    const { bucket, prefix } = this.#location;
    return { Bucket: bucket, Key: `${prefix}${key}` };
  }

  async #explained<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      throw this.explain(error);
    }
  }

  #unlessAbsent<T>(request: () => Promise<T>): Promise<T | null> {
    return this.#explained(() =>
      request().catch((error: unknown) => (isAbsent(error) ? null : Promise.reject(error as Error))),
    );
  }
}

/** The bytes of a file. Fails at the end, before an upload is completed, if they are not those that were hashed. */
async function* checked(path: string, { sha256 }: ObjectFacts): AsyncIterable<Buffer> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: MIB }) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== sha256) throw new Error('the file has changed on disk');
}

/**
 * Login states in a bucket: `<prefix>profiles/<session>/`. The record is replaced under the condition that it has the version
 * that was read (If-Match), which not every server knows. Loaded only if a setting asks for it: it brings the SDK along.
 */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { ArchiveFile, ProfileStore, StoredRecord } from '../engine/profile-store.ts';
import { PRIVATE_FILE } from '../ops/file-modes.ts';
import { S3Bucket, type S3Location } from '../s3/s3-bucket.ts';
import type { StoreKind } from '../s3/s3-failure.ts';
import { ARCHIVE, archiveIdOf, requireArchiveId, requireSession } from './archive-name.ts';

/** Below the prefix, so that a bucket can have media files beside them. */
const PROFILES = 'profiles/';
const RECORD = 'record.json';
const KIND: StoreKind = {
  unavailable: 'WAB_PROFILE_STORE_UNAVAILABLE',
  unusable: 'WAB_PROFILE_STORE_UNUSABLE',
  setting: 'WABRIDGE_PROFILES_URL',
};

export class S3ProfileStore implements ProfileStore {
  readonly #bucket: S3Bucket;

  constructor(location: S3Location) {
    this.#bucket = new S3Bucket(location, PROFILES, KIND);
  }

  get name(): string {
    return this.#bucket.name;
  }

  async check(): Promise<void> {
    await this.#bucket.check();
    await this.#bucket.checkConditions();
  }

  async stop(): Promise<void> {
    this.#bucket.close();
  }

  readRecord(session: string): Promise<StoredRecord | null> {
    return this.#bucket.readText(`${folderOf(session)}${RECORD}`);
  }

  writeRecord(session: string, text: string, version: string | null): Promise<string | null> {
    return this.#bucket.writeText(`${folderOf(session)}${RECORD}`, text, version);
  }

  putArchive(session: string, id: string, file: ArchiveFile, signal?: AbortSignal): Promise<void> {
    return this.#bucket.put(keyOf(session, id), file.path, file, signal);
  }

  async getArchive(session: string, id: string, path: string, signal?: AbortSignal): Promise<boolean> {
    const body = await this.#bucket.get(keyOf(session, id), undefined, signal);
    if (body === null) return false;
    const file = createWriteStream(path, { flags: 'wx', mode: PRIVATE_FILE });
    await pipeline(body, file, signal ? { signal } : {}).catch((error: unknown) => {
      throw this.#bucket.explain(error);
    });
    return true;
  }

  removeArchive(session: string, id: string): Promise<void> {
    return this.#bucket.remove(keyOf(session, id));
  }

  async *archives(session: string, before = Infinity): AsyncIterable<string> {
    for await (const key of this.#bucket.keys(before, folderOf(session))) {
      const id = archiveIdOf(key);
      if (id !== null) yield id;
    }
  }
}

const folderOf = (session: string): string => `${requireSession(session)}/`;
const keyOf = (session: string, id: string): string => `${folderOf(session)}${requireArchiveId(id)}${ARCHIVE}`;

/**
 * Login states in a folder, such as one on a disk that outlives the machine: `<folder>/<session>/`, with the record in a file
 * whose name counts its writes. The next number can be taken once only, which makes a write conditional.
 */
import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WabError } from '../contract/errors.ts';
import type { ArchiveFile, ProfileStore, StoredRecord } from '../engine/profile-store.ts';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../ops/file-modes.ts';
import { ARCHIVE, archiveIdOf, requireArchiveId, requireSession } from './archive-name.ts';

const RECORD = /^record-([1-9]\d{0,14})\.json$/;
const DRAFT = '.draft-';

export class DiskProfileStore implements ProfileStore {
  readonly name: string;
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
    this.name = folder;
  }

  /** Tries what it needs of the file system: a name that is given once only (hard links). */
  async check(): Promise<void> {
    const folder = join(this.#folder, `.check-${randomUUID()}`);
    try {
      await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
      await this.#write(folder, 'a');
      if (!(await this.#take(folder, 'a', 'b')) || (await this.#take(folder, 'a', 'b')))
        throw Object.assign(new Error('a name was given twice'), { code: 'EEXIST' });
    } catch (error) {
      throw new WabError('WAB_PROFILE_STORE_UNUSABLE', { store: this.name, reason: reasonOf(error) }, { cause: error });
    } finally {
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
  }

  async stop(): Promise<void> {}

  readRecord(session: string): Promise<StoredRecord | null> {
    const folder = this.#folderOf(session);
    return this.#explained(async () => {
      for (;;) {
        const newest = (await recordsIn(folder)).at(-1);
        if (newest === undefined) return null;
        const text = await unlessAbsent(readFile(join(folder, recordName(newest)), 'utf8'));
        // Else it has been replaced since.
        if (text !== null) return { text, version: String(newest) };
      }
    });
  }

  writeRecord(session: string, text: string, version: string | null): Promise<string | null> {
    const folder = this.#folderOf(session);
    const next = version === null ? 1 : Number(version) + 1;
    const draft = `${DRAFT}${randomUUID()}`;
    return this.#explained(async () => {
      await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
      try {
        await this.#write(folder, draft, text);
        if (!(await this.#take(folder, draft, recordName(next)))) return null;
        await syncFolder(folder);
        const records = await recordsIn(folder);
        // Else the number was free because its record had been replaced and removed, or there was never one before it.
        const isNext = records.at(-1) === next && (version === null || records.at(-2) === next - 1);
        const removable = isNext ? records.slice(0, -1) : [next];
        for (const number of removable) await rm(join(folder, recordName(number)), { force: true });
        return isNext ? String(next) : null;
      } finally {
        await rm(join(folder, draft), { force: true });
      }
    });
  }

  putArchive(session: string, id: string, { path }: ArchiveFile, signal?: AbortSignal): Promise<void> {
    const folder = this.#folderOf(session);
    const target = join(folder, `${requireArchiveId(id)}${ARCHIVE}`);
    const draft = join(folder, `${DRAFT}${randomUUID()}`);
    return this.#explained(async () => {
      await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER });
      try {
        await copyFile(path, draft, constants.COPYFILE_EXCL);
        await syncFile(draft);
        signal?.throwIfAborted();
        await rename(draft, target);
        await syncFolder(folder);
      } finally {
        await rm(draft, { force: true });
      }
    });
  }

  getArchive(session: string, id: string, path: string, signal?: AbortSignal): Promise<boolean> {
    const source = join(this.#folderOf(session), `${requireArchiveId(id)}${ARCHIVE}`);
    return this.#explained(async () => {
      if ((await unlessAbsent(stat(source))) === null) return false;
      await copyFile(source, path, constants.COPYFILE_EXCL);
      signal?.throwIfAborted();
      return true;
    });
  }

  removeArchive(session: string, id: string): Promise<void> {
    const file = join(this.#folderOf(session), `${requireArchiveId(id)}${ARCHIVE}`);
    return this.#explained(() => rm(file, { force: true }));
  }

  async *archives(session: string, before = Infinity): AsyncIterable<string> {
    const folder = this.#folderOf(session);
    for (const name of await this.#explained(() => namesIn(folder))) {
      const id = archiveIdOf(name);
      if (id === null) continue;
      const found = await this.#explained(() => unlessAbsent(stat(join(folder, name))));
      if (found !== null && found.mtimeMs < before) yield id;
    }
  }

  #folderOf(session: string): string {
    return join(this.#folder, requireSession(session));
  }

  async #write(folder: string, name: string, text = ''): Promise<void> {
    const file = await open(join(folder, name), 'wx', PRIVATE_FILE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** @returns false if somebody has the name already */
  async #take(folder: string, draft: string, name: string): Promise<boolean> {
    try {
      await link(join(folder, draft), join(folder, name));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    }
  }

  async #explained<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const details = { store: this.name, reason: reasonOf(error) };
      throw new WabError('WAB_PROFILE_STORE_UNAVAILABLE', details, { cause: error });
    }
  }
}

const recordName = (number: number): string => `record-${number}.json`;

/** Numbers of the records, in order. */
async function recordsIn(folder: string): Promise<number[]> {
  const numbers = (await namesIn(folder)).flatMap((name) => RECORD.exec(name)?.[1] ?? []).map(Number);
  return numbers.sort((a, b) => a - b);
}

const namesIn = async (folder: string): Promise<string[]> => (await unlessAbsent(readdir(folder))) ?? [];

async function unlessAbsent<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

const syncFolder = (folder: string): Promise<void> => syncFile(folder);

async function syncFile(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'its disk is full',
  EDQUOT: 'its quota is used up',
  EACCES: 'this user may not write to it',
  EPERM: 'its file system does not allow hard links, or this user may not write to it',
  EROFS: 'its file system is read-only',
  ENOTDIR: 'it is not a folder',
  ENOTSUP: 'its file system does not have hard links',
  ENOSYS: 'its file system does not have hard links',
};

function reasonOf(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException;
  return (
    REASONS[code ?? ''] ??
    (name === 'AbortError' || name === 'TimeoutError' ? 'it took too long' : `it failed (${code ?? name})`)
  );
}

/**
 * Backup and restore of the login state of a session that is not running: what makes the browser's profile the linked
 * device, and how far the session has reported. Restored elsewhere it is the same device: two bridges that run it take
 * the line from each other, so the old one is stopped first.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WabError } from '../../../contract/errors.ts';
import { SESSION_NAME_PATTERN } from '../../../contract/ids.ts';
import {
  type ArchiveSummary,
  readLoginArchive,
  syncFolder,
  writeLoginArchive,
} from '../../login-archive/login-archive.ts';
import type { ScryptCost } from '../../login-archive/head.ts';
import type { ArchivedFile } from '../../login-archive/records.ts';
import { LOCK_FILES, Profile, ProfileInUse } from './profile.ts';
import { INCOMING, LOGIN, moveIfThere, PROGRESS, remove, REPLACED } from './unfinished-restore.ts';

export interface LoginPlace {
  /** Where the sessions of a data folder have their profiles. */
  readonly profilesDir: string;
  readonly session: string;
}

/**
 * Of the browser's profile: what a page stores and what belongs to it. Caches, histories and the browser's own databases
 * stay behind: they are most of the bytes, and the browser makes them again.
 */
const KEPT = [
  'Local State',
  'Last Version',
  ...[
    'Preferences',
    'Cookies',
    'Cookies-journal',
    'Network',
    'Local Storage',
    'IndexedDB',
    'WebStorage',
    'File System',
  ].map((name) => `Default/${name}`),
];
/** Inside of those. A service worker without its registration would be half a thing; the page registers it again. */
const DROPPED = new Set(['CacheStorage', 'Service Worker', 'LOCK']);

/**
 * Writes the login state into an encrypted file.
 *
 * @param cost of guessing the passphrase, as in `writeLoginArchive`
 * @throws WabError WAB_LOGIN_ABSENT, WAB_LOGIN_IN_USE, WAB_BACKUP_EXISTS, WAB_DISK_FULL
 */
export async function backupLogin(
  place: LoginPlace,
  file: string,
  passphrase: string,
  cost?: ScryptCost,
): Promise<ArchiveSummary> {
  const folder = folderOf(place);
  const absent = new WabError('WAB_LOGIN_ABSENT', { session: place.session, folder: place.profilesDir });
  if (!existsSync(folder)) throw absent;
  return holding(place, async () => {
    // A browser that only showed a code has a profile too; the record is begun with the login.
    if (!existsSync(join(folder, LOGIN)) || !existsSync(join(folder, PROGRESS))) throw absent;
    return writeLoginArchive(file, place.session, filesToKeep(folder), passphrase, cost);
  });
}

/**
 * Puts the login state of a file in the place of a session's. It is unpacked beside the old one and takes its place
 * only when it is whole; where anything fails, everything is as it was.
 *
 * @param replace whether a login state that is there may go
 * @throws WabError WAB_LOGIN_EXISTS, WAB_LOGIN_IN_USE, WAB_BACKUP_INVALID, WAB_PASSPHRASE_WRONG, WAB_DISK_FULL
 */
export async function restoreLogin(
  place: LoginPlace,
  file: string,
  passphrase: string,
  { replace = false }: { replace?: boolean } = {},
): Promise<ArchiveSummary> {
  const folder = folderOf(place);
  const madeFirst = await mkdir(folder, { recursive: true, mode: 0o700 });
  return holding(place, async () => {
    try {
      if (!replace && existsSync(join(folder, LOGIN)))
        throw new WabError('WAB_LOGIN_EXISTS', { session: place.session, folder: place.profilesDir });
      const incoming = join(folder, `${INCOMING}${randomUUID()}`);
      await mkdir(incoming, { mode: 0o700 });
      try {
        const summary = await readLoginArchive(file, place.session, passphrase, incoming);
        if (!existsSync(join(incoming, LOGIN)))
          throw new WabError('WAB_BACKUP_INVALID', { file, reason: 'it does not contain a login state' });
        await swap(folder, incoming);
        return summary;
      } finally {
        await remove(incoming);
      }
    } catch (error) {
      if (madeFirst !== undefined) await removeEmpty(folder, madeFirst);
      throw error;
    }
  });
}

/** Removes the folders that this restore made, as far as nobody else has put anything into them. */
async function removeEmpty(folder: string, madeFirst: string): Promise<void> {
  for (const name of LOCK_FILES) await rm(join(folder, name), { force: true });
  try {
    for (let each = folder; ; each = dirname(each)) {
      await rmdir(each);
      if (each === madeFirst) return;
    }
  } catch {
    // Somebody uses it.
  }
}

function folderOf({ profilesDir, session }: LoginPlace): string {
  // The name becomes a path.
  if (!new RegExp(SESSION_NAME_PATTERN).test(session))
    throw new WabError('WAB_INVALID_REQUEST', { reason: `${JSON.stringify(session)} is not a valid session name` });
  return join(profilesDir, session);
}

/** Works with the profile while no engine can. */
async function holding<T>(place: LoginPlace, work: () => Promise<T>): Promise<T> {
  const folder = folderOf(place);
  const profile = new Profile(folder);
  try {
    await profile.open();
  } catch (error) {
    if (error instanceof ProfileInUse)
      throw new WabError('WAB_LOGIN_IN_USE', { session: place.session }, { cause: error });
    throw error;
  }
  try {
    return await work();
  } finally {
    profile.close();
  }
}

/**
 * The progress goes first: a kill in between then leaves the old login with the older mark, which reads some messages
 * again, and never a login with a mark that skips some.
 */
async function swap(folder: string, incoming: string): Promise<void> {
  const replaced = join(folder, `${REPLACED}${randomUUID()}`);
  await mkdir(replaced, { mode: 0o700 });
  const undo: (() => Promise<unknown>)[] = [];
  try {
    for (const name of [PROGRESS, LOGIN]) {
      const place = join(folder, name);
      if (await moveIfThere(place, join(replaced, name))) undo.unshift(() => rename(join(replaced, name), place));
      if (await moveIfThere(join(incoming, name), place)) undo.unshift(() => rename(place, join(incoming, name)));
    }
    await syncFolder(folder);
  } catch (error) {
    // Where even this fails, the next who opens the profile puts back what is missing.
    for (const step of undo) await step();
    await remove(replaced);
    throw error;
  }
  await remove(replaced);
}

async function* filesToKeep(folder: string): AsyncGenerator<ArchivedFile> {
  yield* filesBelow(folder, PROGRESS);
  for (const name of KEPT) yield* filesBelow(folder, `${LOGIN}/${name}`);
}

/** A file, or every file of a folder; nothing where there is neither. Links are left out: nothing of ours is one. */
async function* filesBelow(folder: string, path: string): AsyncGenerator<ArchivedFile> {
  const full = join(folder, path);
  const found = await stat(full).catch(() => null);
  if (found?.isFile()) yield { path, size: found.size, read: () => createReadStream(full) };
  if (!found?.isDirectory()) return;
  const entries = await readdir(full, { withFileTypes: true });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1)))
    if (!DROPPED.has(entry.name) && !entry.isSymbolicLink()) yield* filesBelow(folder, `${path}/${entry.name}`);
}

/** What of a session's folder is its login state, and how another one takes its place. Called under the profile's lock. */
import { randomUUID } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { mkdir, readdir, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { WabError } from '../../../contract/errors.ts';
import { type ArchiveSummary, readLoginArchive, syncFolder } from '../../login-archive/login-archive.ts';
import type { ArchivedFile } from '../../login-archive/records.ts';
import { INCOMING, LOGIN, moveIfThere, PROGRESS, remove, REPLACED } from './unfinished-restore.ts';

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

/** A browser that only showed a code has a profile too; the record of the progress is begun with the login. */
export const hasLogin = (folder: string): boolean =>
  existsSync(join(folder, LOGIN)) && existsSync(join(folder, PROGRESS));

export async function* filesToKeep(folder: string): AsyncGenerator<ArchivedFile> {
  yield* filesBelow(folder, PROGRESS);
  yield* browserFilesToKeep(folder);
}

/** The same without the record of the progress, which is ours and not the browser's. */
export async function* browserFilesToKeep(folder: string): AsyncGenerator<ArchivedFile> {
  for (const name of KEPT) yield* filesBelow(folder, `${LOGIN}/${name}`);
}

/**
 * Unpacks an archive beside the login state of a session's folder, and puts it into its place when it is whole.
 *
 * @throws WabError as `readLoginArchive`; then the old login state is in its place
 */
export async function replaceLogin(
  folder: string,
  archive: string,
  session: string,
  passphrase: string,
): Promise<ArchiveSummary> {
  const incoming = join(folder, `${INCOMING}${randomUUID()}`);
  await mkdir(incoming, { mode: 0o700 });
  try {
    const summary = await readLoginArchive(archive, session, passphrase, incoming);
    if (!existsSync(join(incoming, LOGIN)))
      throw new WabError('WAB_BACKUP_INVALID', { file: archive, reason: 'it does not contain a login state' });
    await swap(folder, incoming);
    return summary;
  } finally {
    await remove(incoming);
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

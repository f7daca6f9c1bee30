/**
 * Backup and restore of the login state of a session that is not running: what makes the browser's profile the linked
 * device, and how far the session has reported. Restored elsewhere it is the same device: two bridges that run it take
 * the line from each other, so the old one is stopped first.
 */
import { existsSync } from 'node:fs';
import { mkdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { WabError } from '../../../contract/errors.ts';
import { SESSION_NAME_PATTERN } from '../../../contract/ids.ts';
import { type ArchiveSummary, writeLoginArchive } from '../../login-archive/login-archive.ts';
import type { ScryptCost } from '../../login-archive/head.ts';
import { filesToKeep, hasLogin, replaceLogin } from './login-files.ts';
import { LOCK_FILES, Profile, ProfileInUse } from './profile.ts';
import { LOGIN } from './unfinished-restore.ts';

export interface LoginPlace {
  /** Where the sessions of a data folder have their profiles. */
  readonly profilesDir: string;
  readonly session: string;
}

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
    if (!hasLogin(folder)) throw absent;
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
      return await replaceLogin(folder, file, place.session, passphrase);
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

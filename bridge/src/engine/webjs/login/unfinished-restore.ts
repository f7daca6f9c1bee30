/**
 * What a restore of a login state leaves in the session's folder where it is cut off: the login that was to come, and the one
 * that had to go. It is settled before anything else is done with the profile, since a browser would make a new login in the
 * place of the old one.
 */
import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The login state in a session's folder: the browser's profile, and how far the session has come. */
export const LOGIN = 'session';
export const PROGRESS = 'progress.json';
/** How the folders begin that hold the other one meanwhile. */
export const INCOMING = 'restoring-';
export const REPLACED = 'replaced-';
/** How the file begins that is on its way to the profile store. */
export const OUTGOING = 'archiving-';

/** Ends a restore that was cut off: of the old login goes back what was moved away and not replaced. Only under the lock. */
export async function settleRestore(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const other = join(folder, name);
    // With a login in both places the new one has arrived, and a record that is not there came with none.
    if (name.startsWith(REPLACED) && !(existsSync(join(folder, LOGIN)) && existsSync(join(other, LOGIN))))
      for (const part of [LOGIN, PROGRESS])
        if (!existsSync(join(folder, part))) await moveIfThere(join(other, part), join(folder, part));
    if ([REPLACED, INCOMING, OUTGOING].some((start) => name.startsWith(start))) await remove(other);
  }
}

/** @returns whether there was anything */
export async function moveIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

export const remove = (path: string): Promise<void> =>
  rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });

/** Files that hold a key: readable by their owner alone, and whole or not there. */
import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { WabError } from '../contract/errors.ts';

const OWNER_ONLY = 0o600;
const POSIX = process.platform !== 'win32';

/**
 * The text of the file, or null if there is none.
 *
 * @param what      names the file in errors: `the operator key`
 * @param exchange  what to do once somebody else may have read it, for the error
 * @throws WabError WAB_CONFIG_INVALID if others may read it, or this user may not
 */
export function readPrivateFile(file: string, what: string, exchange: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new WabError(
      'WAB_CONFIG_INVALID',
      {
        reason: `${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Run this as the user who started the bridge`,
      },
      { cause: error },
    );
  }
  try {
    // Asked of the open file, so that it cannot be exchanged in between.
    const mode = fstatSync(descriptor).mode & 0o777;
    if (POSIX && (mode & 0o077) !== 0) {
      throw new WabError('WAB_CONFIG_INVALID', {
        reason: `${what} ${file} can be read by others (mode ${mode.toString(8)}). Run: chmod 600 ${file} - and, if somebody else may have read it, ${exchange}`,
      });
    }
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Makes the file, with its folder. Durable before it returns.
 *
 * @param unique tells drafts apart that are written at the same time
 */
export function writePrivateFile(file: string, text: string, unique: string): void {
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  // Renamed once complete: a crash in between must not leave half a key that every later start refuses.
  const draft = `${file}.${unique}`;
  const descriptor = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY);
  try {
    // A umask can take rights away at creation, which would lock out the owner too.
    if (POSIX) fchmodSync(descriptor, OWNER_ONLY);
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, file);
  syncFolder(folder);
}

/** A new name survives a power cut only once its folder is synced; Windows has no such call. */
function syncFolder(folder: string): void {
  if (!POSIX) return;
  const descriptor = openSync(folder, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

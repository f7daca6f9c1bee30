/** Modes of what wabridge writes: messages, keys and login states are nobody else's to read on this machine. */
import { statSync } from 'node:fs';
import process from 'node:process';

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;
const OF_OTHERS = 0o077;
const POSIX = process.platform !== 'win32';

let umaskOfCaller: number | undefined;

/** From now on this process, and what it starts, makes files that their owner alone can read, whatever its umask was. */
export function makeFilesPrivate(): void {
  const before = process.umask(OF_OTHERS);
  umaskOfCaller ??= before;
}

/** Back to the umask that this process was started with, for a command whose files others have to read (a browser). */
export function leaveFilesToCaller(): void {
  if (umaskOfCaller !== undefined) process.umask(umaskOfCaller);
}

/**
 * The mode in octal where anybody but the owner may read, write or enter, else null; null too where it cannot be looked at.
 *
 * @param rights which rights count, those of the group included unless stated
 */
export function modeOpenToOthers(path: string, rights = OF_OTHERS): string | null {
  if (!POSIX) return null;
  try {
    const { mode } = statSync(path);
    return (mode & rights) === 0 ? null : (mode & 0o777).toString(8);
  } catch {
    return null;
  }
}

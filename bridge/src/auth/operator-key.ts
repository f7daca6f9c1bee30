/**
 * The key of whoever runs the bridge: a file beside the data, readable by its owner alone, by which the CLI signs like
 * any client. Made at the first start and used ever after; never in the database.
 */
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
import { join } from 'node:path';
import { WabError } from '../contract/errors.ts';
import { newKeyId } from '../contract/ids.ts';
import { formatSecret, newSeed, parseSecret, type Secret } from './secret.ts';

const FILE = 'operator.key';
const OWNER_ONLY = 0o600;
const POSIX = process.platform !== 'win32';

export const operatorKeyFile = (dataDir: string): string => join(dataDir, FILE);

/**
 * The operator's key, or null where there is none yet.
 *
 * @throws WabError WAB_CONFIG_INVALID where others may read the file, or it holds no key
 */
export function readOperatorKey(dataDir: string): Secret | null {
  const file = operatorKeyFile(dataDir);
  let descriptor: number;
  try {
    descriptor = openSync(file, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new WabError(
      'WAB_CONFIG_INVALID',
      {
        reason: `the operator key ${file} cannot be read (${(error as NodeJS.ErrnoException).code}). Run this as the user who started the bridge`,
      },
      { cause: error },
    );
  }
  try {
    // Asked of the open file, so that it cannot be exchanged in between.
    const mode = fstatSync(descriptor).mode & 0o777;
    if (POSIX && (mode & 0o077) !== 0) {
      throw new WabError('WAB_CONFIG_INVALID', {
        reason: `the operator key ${file} can be read by others (mode ${mode.toString(8)}). Run: chmod 600 ${file} - and, if somebody may have read it, revoke it and delete the file`,
      });
    }
    const secret = parseSecret(readFileSync(descriptor, 'utf8'));
    if (secret === null)
      throw new WabError('WAB_CONFIG_INVALID', {
        reason: `the operator key ${file} holds no key. Delete it; the next start of the bridge makes a new one`,
      });
    return secret;
  } finally {
    closeSync(descriptor);
  }
}

/** Reads the operator's key, and makes one where there is none. Durable before it returns. */
export function ensureOperatorKey(dataDir: string): { readonly secret: Secret; readonly created: boolean } {
  const known = readOperatorKey(dataDir);
  if (known !== null) return { secret: known, created: false };
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const secret: Secret = { keyId: newKeyId(), seed: newSeed() };
  // Renamed once complete: a crash in between must not leave half a key that every later start refuses.
  const draft = `${operatorKeyFile(dataDir)}.${secret.keyId}`;
  const descriptor = openSync(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, OWNER_ONLY);
  try {
    // A umask can take rights away at creation, which would lock out the owner too.
    if (POSIX) fchmodSync(descriptor, OWNER_ONLY);
    writeSync(descriptor, `${formatSecret(secret)}\n`);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(draft, operatorKeyFile(dataDir));
  syncFolder(dataDir);
  return { secret, created: true };
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

/**
 * A login state in one encrypted file, to be carried to another machine or kept for the day the disk dies. Anyone who has
 * the file and its passphrase is the WhatsApp account, so nothing of it is readable without, and nothing can be changed,
 * cut off or added unnoticed.
 *
 *   `WABLOGIN` | length of the head, 4 bytes | head, JSON | HMAC-SHA256 of all before | chunks (`sealing.ts`)
 *   chunks hold, compressed by gzip, the files one after another (`records.ts`)
 *
 * Files pass through as streams; a profile of gigabytes takes no more memory than a small one.
 */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { WabError } from '../../contract/errors.ts';
import { encodeHead, newHead, readHead, type ScryptCost } from './head.ts';
import { type ArchivedFile, packRecords, unpackRecords } from './records.ts';
import { deriveKeys, openChunks, sealChunks } from './sealing.ts';

export interface ArchiveSummary {
  readonly session: string;
  /** When the backup was made, ISO 8601. */
  readonly createdAt: string;
  readonly files: number;
  /** Of the files as they are on disk. */
  readonly bytes: number;
}

/**
 * Writes files into a new archive, readable by its owner alone. It appears under its name only when it is complete and
 * on disk.
 *
 * @param cost   of guessing the passphrase; the default takes about half a second and 128 MiB
 * @param signal ends it before
 * @throws WabError WAB_BACKUP_EXISTS, WAB_DISK_FULL; no file remains then
 */
export async function writeLoginArchive(
  file: string,
  session: string,
  files: AsyncIterable<ArchivedFile>,
  passphrase: string,
  cost?: ScryptCost,
  signal?: AbortSignal,
): Promise<ArchiveSummary> {
  if (existsSync(file)) throw new WabError('WAB_BACKUP_EXISTS', { file });
  const head = newHead(session, cost);
  const keys = await deriveKeys(passphrase, head.kdf);
  const partial = `${file}.partial-${randomUUID()}`;
  const counted = { files: 0, bytes: 0 };
  try {
    const sealed = sealChunks(keys.seal, head.chunkBytes);
    await pipeline(
      packRecords(files, counted),
      createGzip(),
      async function* (bytes: AsyncIterable<Buffer>) {
        yield encodeHead(head, keys.mac);
        yield* sealed(bytes);
      },
      createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }),
      signal ? { signal } : {},
    );
    if (existsSync(file)) throw new WabError('WAB_BACKUP_EXISTS', { file });
    await rename(partial, file);
    await syncFolder(dirname(file));
  } catch (error) {
    await rm(partial, { force: true });
    throw diskFull(error) ?? error;
  }
  return { session, createdAt: head.createdAt, ...counted };
}

/**
 * Unpacks an archive into a folder that is empty. Nothing is written before the passphrase has proven right, and nothing
 * that was not sealed with it; what was written before a fault showed is the caller's to remove.
 *
 * @throws WabError WAB_BACKUP_INVALID, WAB_PASSPHRASE_WRONG, WAB_DISK_FULL
 */
export async function readLoginArchive(
  file: string,
  session: string,
  passphrase: string,
  folder: string,
): Promise<ArchiveSummary> {
  const invalid = (reason: string, cause?: unknown): WabError =>
    new WabError('WAB_BACKUP_INVALID', { file, reason }, { cause });
  const found = await readHead(file).catch((error: unknown) => {
    throw invalid('the file does not exist or cannot be read', error);
  });
  if (!found.ok) throw invalid(found.reason);
  const { head, bodyAt, isAuthentic } = found;
  if (head.session !== session)
    throw invalid(`it is the login state of session ${head.session}; restore it under that name`);
  const keys = await deriveKeys(passphrase, head.kdf);
  if (!isAuthentic(keys.mac)) throw new WabError('WAB_PASSPHRASE_WRONG', { file });
  const counted = { files: 0, bytes: 0 };
  try {
    await pipeline(
      createReadStream(file, { start: bodyAt }),
      openChunks(keys.seal, head.chunkBytes),
      createGunzip(),
      (bytes: AsyncIterable<Buffer>) => unpackRecords(bytes, folder, counted),
    );
  } catch (error) {
    throw diskFull(error) ?? invalid('it was changed, cut off or damaged', error);
  }
  return { session, createdAt: head.createdAt, ...counted };
}

/** Makes a rename in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const DISK_FULL = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
function diskFull(error: unknown): WabError | null {
  return DISK_FULL.has((error as NodeJS.ErrnoException | null)?.code ?? '')
    ? new WabError('WAB_DISK_FULL', {}, { cause: error })
    : null;
}

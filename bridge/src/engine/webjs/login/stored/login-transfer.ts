/** Between a session's folder and the profile store: the login as an encrypted file. Called under the profile's lock. */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { WabError } from '../../../../contract/errors.ts';
import { type ArchiveSummary, writeLoginArchive } from '../../../login-archive/login-archive.ts';
import type { ArchivedFile } from '../../../login-archive/records.ts';
import type { ArchiveFile, ProfileStore } from '../../../profile-store.ts';
import { browserFilesToKeep, replaceLogin } from '../login-files.ts';
import { INCOMING, PROGRESS } from '../unfinished-restore.ts';
import type { StoredArchive } from './profile-record.ts';

/** The key has 256 random bits, so guessing it need not be made expensive. */
const CHEAP = { N: 16, r: 1, p: 1 };
/** From then on nobody can be about to make an archive count. */
const ORPHANED_AFTER_MS = 60 * 60_000;

/** Writes the login into a file. @throws Error, also if a file changed while it was read; WabError WAB_DISK_FULL */
export async function packLogin(
  folder: string,
  session: string,
  path: string,
  passphrase: string,
  signal: AbortSignal,
): Promise<ArchiveFile> {
  await writeLoginArchive(path, session, filesOf(folder), passphrase, CHEAP, signal);
  return { path, sizeBytes: (await stat(path)).size, sha256: await sha256Of(path) };
}

/**
 * Puts the login of an archive in the place of the one in the folder. If anything fails, that one stays.
 *
 * @throws WabError WAB_PROFILE_KEY_WRONG, WAB_PROFILE_DAMAGED, WAB_PROFILE_STORE_UNAVAILABLE, WAB_DISK_FULL
 */
export async function fetchLogin(
  store: ProfileStore,
  { id, sha256 }: StoredArchive,
  folder: string,
  session: string,
  passphrase: string,
  signal: AbortSignal,
): Promise<ArchiveSummary> {
  const path = join(folder, `${INCOMING}${randomUUID()}.login`);
  const damaged = (reason: string, cause?: unknown): WabError =>
    new WabError('WAB_PROFILE_DAMAGED', { session, store: store.name, reason }, { cause });
  try {
    if (!(await store.getArchive(session, id, path, signal))) throw damaged('its archive is missing');
    if ((await sha256Of(path)) !== sha256) throw damaged('its archive was changed or cut off');
    return await replaceLogin(folder, path, session, passphrase);
  } catch (error) {
    if (!(error instanceof WabError)) throw error;
    if (error.code === 'WAB_PASSPHRASE_WRONG')
      throw new WabError('WAB_PROFILE_KEY_WRONG', { session, store: store.name }, { cause: error });
    throw error.code === 'WAB_BACKUP_INVALID' ? damaged(String(error.details['reason']), error) : error;
  } finally {
    await rm(path, { force: true });
  }
}

/**
 * Removes the archives that an archive has replaced, and those that never came to count.
 *
 * @param replaced ids of archives that counted until now
 * @param now milliseconds since the epoch
 */
export async function removeOthers(
  store: ProfileStore,
  session: string,
  current: string,
  replaced: readonly string[],
  now: number,
): Promise<void> {
  for (const id of replaced) if (id !== current) await store.removeArchive(session, id);
  for await (const id of store.archives(session, now - ORPHANED_AFTER_MS))
    if (id !== current) await store.removeArchive(session, id);
}

/**
 * The files of the login. How far the session has reported is read first: a mark that is older than the login reads some
 * messages again, and a newer one could skip some.
 */
async function* filesOf(folder: string): AsyncGenerator<ArchivedFile> {
  const progress = await readFile(join(folder, PROGRESS));
  yield {
    path: PROGRESS,
    size: progress.length,
    read: async function* () {
      yield progress;
    },
  };
  yield* browserFilesToKeep(folder);
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

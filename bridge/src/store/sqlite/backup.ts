/** Online backup and restore of the whole database. */
import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { backup, DatabaseSync } from 'node:sqlite';
import { WabError } from '../../contract/errors.ts';
import { PRIVATE_FOLDER } from '../../ops/file-modes.ts';
import { MIGRATIONS } from '../migrations/index.ts';
import { restoreEpoch } from '../epoch.ts';
import { DATABASE_FILE, openReader } from './connection.ts';
import { FolderLock } from './folder-lock.ts';
import { appliedMigrations } from './migrate.ts';
import { copyPrivately, ensurePrivateFile } from './private-file.ts';

/** All pages in one step: a backup in smaller steps starts over at each commit, so under load it would never end. */
const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies a database that is in use to a new file, consistently and off the main thread. The file appears under its name
 * only when it is complete.
 *
 * @throws WabError WAB_BACKUP_EXISTS
 */
export async function writeBackup(source: string, file: string): Promise<void> {
  if (existsSync(file)) throw new WabError('WAB_BACKUP_EXISTS', { file });
  const partial = `${file}.partial-${randomUUID()}`;
  const reader = openReader(source);
  try {
    ensurePrivateFile(partial);
    await backup(reader, partial, { rate: ALL_PAGES });
    // Out of write-ahead mode: a backup is one file.
    const copy = new DatabaseSync(partial);
    copy.exec('PRAGMA journal_mode = DELETE');
    copy.close();
    syncFile(partial);
    renameSync(partial, file);
    syncFile(dirname(file));
  } finally {
    reader.close();
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(partial + suffix, { force: true });
  }
}

/**
 * Puts a backup in the place of a data folder's database. The log gets a new epoch, since what was recorded after the
 * backup is gone and cursors into it must be recognised. Keys and nonces are those of the backup too: what was signed
 * before the restore is refused by that epoch, but a key that was revoked since the backup is valid again. A failure
 * leaves the old database as it was.
 *
 * @throws WabError WAB_DATABASE_LOCKED, WAB_BACKUP_INVALID
 */
export function restoreBackup(file: string, dataDir: string): { readonly epoch: string } {
  refuseUnreadable(file);
  mkdirSync(dataDir, { recursive: true, mode: PRIVATE_FOLDER });
  const lock = FolderLock.acquire(dataDir);
  const target = join(dataDir, DATABASE_FILE);
  const incoming = `${target}.incoming`;
  try {
    removeDatabase(incoming);
    copyPrivately(file, incoming);
    const epoch = prepareIncoming(incoming, file);
    syncFile(incoming);
    retire(target);
    renameSync(incoming, target);
    syncFile(dataDir);
    return { epoch };
  } finally {
    removeDatabase(incoming);
    lock.release();
  }
}

function refuseUnreadable(file: string): void {
  const invalid = (reason: string): WabError => new WabError('WAB_BACKUP_INVALID', { file, reason });
  const stats = statSync(file, { throwIfNoEntry: false });
  if (stats === undefined) throw invalid('the file does not exist');
  if (stats.isDirectory()) throw invalid('it is a folder');
  try {
    accessSync(file, constants.R_OK);
  } catch {
    throw invalid('this user may not read it');
  }
}

/** Checks the copy and gives it its new epoch. */
function prepareIncoming(incoming: string, file: string): string {
  let database: DatabaseSync | undefined;
  const invalid = (reason: string, cause?: unknown): WabError =>
    new WabError('WAB_BACKUP_INVALID', { file, reason }, { cause });
  try {
    database = new DatabaseSync(incoming);
    database.exec('PRAGMA journal_mode = DELETE');
    const integrity = database.prepare('PRAGMA integrity_check(1)').get() as { integrity_check: string };
    if (integrity.integrity_check !== 'ok') throw invalid(`it is damaged (${integrity.integrity_check})`);
    const unknown = appliedMigrations(database).find((name) => !(name in MIGRATIONS));
    if (unknown !== undefined) throw invalid(`it was made by a newer wabridge (schema ${unknown})`);
    const epoch = restoreEpoch(Date.now());
    const { changes } = database.prepare('UPDATE log_meta SET epoch = ?').run(epoch);
    if (changes !== 1) throw invalid('it does not contain an event log');
    return epoch;
  } catch (error) {
    if (error instanceof WabError) throw error;
    throw invalid('it is not a wabridge database', error);
  } finally {
    database?.close();
  }
}

/**
 * Makes the old database one file, so that the rename replaces it whole: a write-ahead log left beside the new file
 * would be replayed into it. One that cannot be opened is set aside.
 */
function retire(target: string): void {
  if (!existsSync(target)) return removeDatabase(target);
  try {
    const old = new DatabaseSync(target);
    try {
      old.exec('PRAGMA journal_mode = DELETE');
    } finally {
      old.close();
    }
  } catch {
    const aside = `${target}.unreadable-${Date.now()}`;
    for (const suffix of ['', '-wal']) if (existsSync(target + suffix)) renameSync(target + suffix, aside + suffix);
  }
  for (const suffix of ['-wal', '-shm']) rmSync(target + suffix, { force: true });
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

/** Works for folders too: a rename is durable once its folder is synced. */
function syncFile(path: string): void {
  const handle = openSync(path, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

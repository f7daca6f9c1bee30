/**
 * The lock on a data folder. It is a lock of the operating system (taken through SQLite on a file of its own), so that
 * kill -9 releases it and a reused process id cannot hold it. The process id beside it is for the message only.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WabError } from '../../contract/errors.ts';
import { PRIVATE_FILE, PRIVATE_FOLDER } from '../../ops/file-modes.ts';
import { primaryCode } from './serialized-error.ts';
import { ensurePrivateFile } from './private-file.ts';

const SQLITE_BUSY = 5;

export class FolderLock {
  readonly #lock: DatabaseSync;
  readonly #pidFile: string;

  private constructor(lock: DatabaseSync, pidFile: string) {
    this.#lock = lock;
    this.#pidFile = pidFile;
  }

  /**
   * Creates the folder (mode 0700) if it is missing, and locks it.
   *
   * @throws WabError WAB_DATABASE_LOCKED
   */
  static acquire(folder: string): FolderLock {
    mkdirSync(folder, { recursive: true, mode: PRIVATE_FOLDER });
    const pidFile = join(folder, 'wabridge.pid');
    const lockFile = join(folder, 'wabridge.lock');
    ensurePrivateFile(lockFile);
    const lock = new DatabaseSync(lockFile, { timeout: 0 });
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      lock.close();
      if (primaryCode((error as { errcode?: number }).errcode) !== SQLITE_BUSY) throw error;
      throw new WabError('WAB_DATABASE_LOCKED', { folder, pid: readPid(pidFile) });
    }
    writeFileSync(pidFile, `${process.pid}\n`, { mode: PRIVATE_FILE });
    return new FolderLock(lock, pidFile);
  }

  release(): void {
    rmSync(this.#pidFile, { force: true });
    this.#lock.close();
  }
}

function readPid(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim() || 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Opens SQLite connections with the settings that everything here relies on. */
import { DatabaseSync } from 'node:sqlite';

export const DATABASE_FILE = 'wabridge.db';
const BUSY_TIMEOUT_MS = 5_000;
/** How long a stop waits for others that are reading, in milliseconds. */
const CHECKPOINT_TIMEOUT_MS = 500;

/** The one connection that writes: write-ahead log, every commit fsynced, foreign keys enforced. */
export function openWriter(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA cache_size = -32768');
  // 16 MB: pages that many commits change are written back once, not with every thousandth page.
  database.exec('PRAGMA wal_autocheckpoint = 4096');
  return database;
}

/**
 * Brings the write-ahead log into the main file, so that a copy of that file is whole, and closes. SQLite does so for the
 * last connection alone, and somebody may look on. What cannot be brought over stays in the log.
 */
export function closeWriter(database: DatabaseSync): void {
  try {
    database.exec(`PRAGMA busy_timeout = ${CHECKPOINT_TIMEOUT_MS}`);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch {
    // A disk that is full or fails: everything committed is in the log, and the next start reads it there.
  } finally {
    database.close();
  }
}

/** A connection that cannot write. */
export function openReader(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
  database.exec('PRAGMA query_only = ON');
  return database;
}

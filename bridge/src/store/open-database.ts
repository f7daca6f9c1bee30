/** Opens the database that the settings name; the rest of the bridge does not know which one it is. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { WabError } from '../contract/errors.ts';
import type { Database } from './database.ts';
import { DATABASE_FILE } from './sqlite/connection.ts';
import { FolderLock } from './sqlite/folder-lock.ts';
import { openDatabase as openSqlite } from './sqlite/sqlite-database.ts';

export { restoreBackup } from './sqlite/backup.ts';

export interface DatabaseOptions {
  /** Created if it is missing; locked for the life of the database, wherever that is. */
  readonly dataDir: string;
  /** Of a PostgreSQL server; without it, the database is a file in the data folder. */
  readonly databaseUrl?: string | undefined;
  readonly log: {
    error(fields: object, message: string): void;
    warn?(fields: object, message: string): void;
    info?(fields: object, message: string): void;
  };
  /** It can no longer be written; every pending and further write fails, and only a restart of the process helps. */
  readonly onFatal: (error: Error) => void;
  /** Ends the wait for a server that is away at the start. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the database, after migrating it to the newest schema.
 *
 * @throws WabError WAB_DATABASE_LOCKED, WAB_DATABASE_EMPTY, WAB_DATABASE_NEWER, WAB_DATABASE_NOT_COPIED,
 *   WAB_DATABASE_COPY_UNFINISHED, WAB_DATABASE_MOVED, WAB_DATABASE_IN_USE, WAB_DATABASE_UNUSABLE, WAB_SHUTTING_DOWN
 */
export function openDatabase(options: DatabaseOptions): Promise<Database> {
  return options.databaseUrl === undefined ? openSqlite(options) : openServer(options, options.databaseUrl);
}

async function openServer({ dataDir, log, onFatal, signal }: DatabaseOptions, url: string): Promise<Database> {
  // Media, login states and keys are in the folder all the same.
  const lock = FolderLock.acquire(dataDir);
  try {
    // Loaded only where it is wanted.
    const { openPostgres } = await import('./postgres/postgres-database.ts');
    return await openPostgres({
      url,
      log: { warn: log.warn?.bind(log) ?? log.error.bind(log), info: log.info?.bind(log) ?? (() => undefined) },
      onFatal: (error) => {
        log.error({ err: error }, 'the database can no longer be written');
        onFatal(error);
      },
      onNew: (server) => refuseAbandoned(dataDir, server),
      onClosed: () => lock.release(),
      signal,
    });
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * An empty database beside the file of a bridge that was used before: beginning again there would forget every message
 * without a word.
 */
function refuseAbandoned(dataDir: string, server: string): void {
  const file = join(dataDir, DATABASE_FILE);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0)
    throw new WabError('WAB_DATABASE_NOT_COPIED', { server, file });
}

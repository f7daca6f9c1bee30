/** The Database over SQLite: a writer in a thread of its own, and a read-only connection in this one. */
import { Kysely } from 'kysely';
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import { ALWAYS_AVAILABLE } from '../availability.ts';
import type { Database } from '../database.ts';
import type { Call } from '../operation.ts';
import { runDirectly } from '../prepared.ts';
import type { Schema } from '../schema.ts';
import { writeBackup } from './backup.ts';
import { DATABASE_FILE, openReader } from './connection.ts';
import { NodeSqliteDialect } from './dialect.ts';
import { refuseEmptyDatabase } from './empty-database.ts';
import { FolderLock } from './folder-lock.ts';
import { ensurePrivateFile } from './private-file.ts';
import { WriterThread } from './writer-thread.ts';

export interface DatabaseOptions {
  /** Created if it is missing; locked for the life of the database. */
  readonly dataDir: string;
  readonly log: { error(fields: object, message: string): void };
  /** The writer died; every pending and further write fails, and only a restart of the process helps. */
  readonly onFatal: (error: Error) => void;
}

/**
 * Opens the database of a data folder, after migrating it to the newest schema.
 *
 * @throws WabError WAB_DATABASE_LOCKED, WAB_DATABASE_EMPTY
 */
export async function openDatabase({ dataDir, log, onFatal }: DatabaseOptions): Promise<Database> {
  const lock = FolderLock.acquire(dataDir);
  const file = join(dataDir, DATABASE_FILE);
  try {
    refuseEmptyDatabase(dataDir, file);
    ensurePrivateFile(file);
    const writer = await WriterThread.open(file, (error) => {
      log.error({ err: error }, 'the database writer died');
      onFatal(error);
    });
    return new SqliteDatabase(file, writer, openReader(file), lock);
  } catch (error) {
    lock.release();
    throw error;
  }
}

class SqliteDatabase implements Database {
  readonly availability = ALWAYS_AVAILABLE;
  readonly reader: Kysely<Schema>;
  readonly #file: string;
  readonly #writer: WriterThread;
  readonly #connection: DatabaseSync;
  readonly #lock: FolderLock;
  #closed: Promise<void> | undefined;

  constructor(file: string, writer: WriterThread, connection: DatabaseSync, lock: FolderLock) {
    this.#file = file;
    this.#writer = writer;
    this.#connection = connection;
    this.#lock = lock;
    const dialect = new NodeSqliteDialect(connection);
    this.reader = new Kysely<Schema>({ dialect });
    runDirectly(this.reader, dialect.connection);
  }

  // The overloads of the port tie results to calls; here they are one list.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async write(work: Call<unknown> | readonly Call<unknown>[]): Promise<any> {
    const alone = !Array.isArray(work);
    const results = await this.#writer.submit(alone ? [work as Call<unknown>] : (work as readonly Call<unknown>[]));
    return alone ? results[0] : results;
  }

  backup(file: string): Promise<void> {
    return writeBackup(this.#file, file);
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      // Before the writer: a connection that only reads can bring nothing from the log into the main file.
      this.#connection.close();
      await this.#writer.close();
      this.#lock.release();
    })();
    return this.#closed;
  }
}

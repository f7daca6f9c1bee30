/** The Database over PostgreSQL: one connection that writes, and a few that read. */
import type { Kysely } from 'kysely';
import { WabError } from '../../contract/errors.ts';
import type { Availability } from '../availability.ts';
import { refuseMarked } from '../copy/copy-mark.ts';
import type { Database } from '../database.ts';
import type { Call } from '../operation.ts';
import { operations } from '../operations.ts';
import type { Schema } from '../schema.ts';
import { ANSWER_TIMEOUT_MS, describeServer } from './connection-settings.ts';
import { appliedMigrations, migrate } from './migrate.ts';
import { OutageWatch, type OutageLog } from './outage-watch.ts';
import { PostgresQueries } from './queries.ts';
import { PostgresReader } from './reader.ts';
import { PostgresWriter } from './writer.ts';

export interface PostgresOptions {
  readonly url: string;
  readonly log: OutageLog;
  /** The database cannot be written any more, and only a restart of the process helps. */
  readonly onFatal: (error: Error) => void;
  /** Called before a database without tables is filled; it stays empty if this throws. */
  readonly onNew: (server: string) => void;
  /** Called once it is closed. */
  readonly onClosed: () => void;
  /** Ends the wait for a server that is away at the start. */
  readonly signal?: AbortSignal | undefined;
  /** After so many milliseconds without an answer, a connection is given up. */
  readonly answerTimeoutMs?: number;
}

/**
 * Opens a database, after migrating it to the newest schema. Waits for a server that is away.
 *
 * @throws WabError WAB_DATABASE_UNUSABLE, WAB_DATABASE_IN_USE, WAB_DATABASE_NEWER, WAB_DATABASE_COPY_UNFINISHED,
 *   WAB_DATABASE_MOVED, WAB_CONFIG_INVALID, WAB_SHUTTING_DOWN
 */
export async function openPostgres(options: PostgresOptions): Promise<Database> {
  const { url, log, onFatal, onNew, onClosed, signal = new AbortController().signal } = options;
  const { answerTimeoutMs = ANSWER_TIMEOUT_MS } = options;
  const outages = new OutageWatch(describeServer(url), log);
  const work = { url, operations, outages, onFatal, signal, answerTimeoutMs };
  const writer = await PostgresWriter.open(work, async ({ connection }) => {
    await refuseMarked(new PostgresQueries(connection), `PostgreSQL at ${outages.server}`);
    if ((await appliedMigrations(connection)).length === 0) onNew(outages.server);
    await migrate(connection);
  });
  return new PostgresDatabase(writer, new PostgresReader(url, outages, answerTimeoutMs), outages, onClosed);
}

class PostgresDatabase implements Database {
  readonly availability: Availability;
  readonly #writer: PostgresWriter;
  readonly #reader: PostgresReader;
  readonly #onClosed: () => void;
  #closed: Promise<void> | undefined;

  constructor(writer: PostgresWriter, reader: PostgresReader, availability: Availability, onClosed: () => void) {
    this.#writer = writer;
    this.#reader = reader;
    this.availability = availability;
    this.#onClosed = onClosed;
  }

  get reader(): Kysely<Schema> {
    return this.#reader.kysely;
  }

  // The overloads of the port tie results to calls; here they are one list.
  // eslint-disable-next-line @typescript-eslint/no-explicit-any
  async write(work: Call<unknown> | readonly Call<unknown>[]): Promise<any> {
    const alone = !Array.isArray(work);
    const results = await this.#writer.submit(alone ? [work as Call<unknown>] : (work as readonly Call<unknown>[]));
    return alone ? results[0] : results;
  }

  backup(): Promise<never> {
    return Promise.reject(new WabError('WAB_BACKUP_BY_SERVER', { tool: 'pg_dump' }));
  }

  close(): Promise<void> {
    this.#closed ??= (async () => {
      // A server that is away, or goes away now, is not waited for without end.
      const unwatch = this.availability.onOverdue(() => this.availability.stopWaiting());
      await this.#writer.close();
      await this.#reader.close();
      unwatch();
      this.#onClosed();
    })();
    return this.#closed;
  }
}

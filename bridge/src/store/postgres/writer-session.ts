/** What the writing connection makes sure of before it writes: the server is fit for it, and nobody else writes. */
import { CompiledQuery } from 'kysely';
import { WabError } from '../../contract/errors.ts';
import type { PostgresConnection } from './connection.ts';
import { ConnectionLostError } from './failures.ts';
import { pause } from './pause.ts';

/** A connection as the server knows it. Process ids are used again, so its start belongs to it. */
export interface Backend {
  readonly pid: number;
  readonly started: string;
}

/** What the connections of this process, one after another, know of each other. */
export class WriterHistory {
  /** Connections that the server may still know. */
  readonly backends: Backend[] = [];
  /** The group that was committed last by this process, or before it; null in a new database. */
  committed: string | null = null;
  /** A group whose COMMIT was sent, and not answered yet. */
  committing: string | null = null;

  /** Whether nobody but this process can have committed since: `marker` is what the database has. */
  explains(marker: string | null): boolean {
    return marker === this.committed || (marker !== null && marker === this.committing);
  }
}

const OLDEST_VERSION = 150_000;
/** `wabr`, and one lock of it. */
const LOCK_CLASS = 0x77616272;
const LOCK_ID = 1;
/** How long the lock may take to become free: the server needs a moment to notice that a process has gone. */
const LOCK_PATIENCE_MS = 10_000;
const LOCK_RETRY_MS = 200;

interface Facts extends Backend {
  readonly version: number;
  readonly encoding: string;
  readonly standby: string;
  readonly readonly: string;
  readonly commit: string;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS version, current_setting('server_encoding') AS encoding,
    pg_is_in_recovery()::text AS standby, current_setting('transaction_read_only') AS readonly,
    current_setting('synchronous_commit') AS commit, pid, backend_start::text AS started
  FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/**
 * @returns this connection as the server knows it
 * @throws ConnectionLostError if the server only reads at the moment; WabError WAB_DATABASE_UNUSABLE
 */
export async function prepareSession(connection: PostgresConnection, server: string): Promise<Backend> {
  const [facts] = await query<Facts>(connection, FACTS);
  if (!facts) throw new ConnectionLostError('The server does not know this connection');
  const { version, encoding, pid, started } = facts;
  const unusable = (reason: string): WabError => new WabError('WAB_DATABASE_UNUSABLE', { server, reason });
  if (version < OLDEST_VERSION)
    throw unusable(`it is version ${Math.floor(version / 10_000)}, and wabridge needs PostgreSQL 15 or newer`);
  if (encoding !== 'UTF8') throw unusable(`the encoding of the database is ${encoding}. Create one with encoding UTF8`);
  if (facts.standby === 'true' || facts.readonly === 'on')
    throw new ConnectionLostError('it is read-only (a standby, or default_transaction_read_only)');
  // What is acknowledged must be on disk. A stronger setting of the server stays.
  if (facts.commit === 'off') await connection.run('SET synchronous_commit = on');
  return { pid, started };
}

/**
 * Takes the lock on the database, which the server frees when the connection ends. So whoever has it knows that no former
 * writer is at work any more, not even one whose last commit was never answered.
 *
 * @param own former connections of this process, which are ended if they still hold it
 * @throws WabError WAB_DATABASE_IN_USE, WAB_SHUTTING_DOWN
 */
export async function takeLock(
  connection: PostgresConnection,
  server: string,
  own: readonly Backend[],
  signal: AbortSignal,
): Promise<void> {
  for (const deadline = Date.now() + LOCK_PATIENCE_MS; ; await pause(LOCK_RETRY_MS, signal)) {
    const [{ locked } = { locked: '' }] = await query<{ locked: string }>(
      connection,
      `SELECT pg_try_advisory_lock(${LOCK_CLASS}, ${LOCK_ID})::text AS locked`,
    );
    if (locked === 'true') return;
    const [holder] = await query<Backend & { client: string | null }>(
      connection,
      `SELECT pid, backend_start::text AS started, client_addr::text AS client
       FROM pg_locks JOIN pg_stat_activity USING (pid)
       WHERE locktype = 'advisory' AND classid = ${LOCK_CLASS} AND objid = ${LOCK_ID} AND granted
         AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
    );
    if (!holder) continue;
    if (own.some(({ pid, started }) => pid === holder.pid && started === holder.started))
      await query(connection, `SELECT pg_terminate_backend(${holder.pid})`);
    else if (Date.now() > deadline)
      throw new WabError('WAB_DATABASE_IN_USE', { server, client: holder.client ?? 'this machine', pid: holder.pid });
  }
}

async function query<R>(connection: PostgresConnection, sql: string): Promise<readonly R[]> {
  return (await connection.executeQuery<R>(CompiledQuery.raw(sql))).rows;
}

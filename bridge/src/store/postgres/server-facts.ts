/** What a PostgreSQL server says about itself, for the doctor. Nothing is written and no lock is taken. */
import { CompiledQuery } from 'kysely';
import pg from 'pg';
import { MIGRATIONS } from '../migrations/index.ts';
import { connectionSettings } from './connection-settings.ts';
import { destroy, PostgresConnection } from './connection.ts';
import { asFailure, problemOf } from './failures.ts';
import { appliedMigrations } from './migrate.ts';

/** In milliseconds, for the connection and for each statement. */
const DEADLINE_MS = 5_000;

export interface ServerFacts {
  /** As people write it, such as 15.14. */
  readonly version: string;
  /** 150014 for 15.14. */
  readonly versionNumber: number;
  readonly encoding: string;
  readonly isStandby: boolean;
  readonly isReadOnly: boolean;
  readonly synchronousCommit: string;
  /** Names of the standbys that confirm each commit; empty if none does. */
  readonly synchronousStandbys: string;
  readonly fsync: boolean;
  readonly fullPageWrites: boolean;
  readonly user: string;
  readonly database: string;
  /** Where new tables are made; null if no schema of the search path exists. */
  readonly schema: string | null;
  readonly mayCreate: boolean;
  /** Who owns the tables of the bridge, if that is somebody else, so that this user cannot change them; else null. */
  readonly foreignOwner: string | null;
  /** Connections that this user could still open, those of a running bridge among them. */
  readonly freeConnections: number;
  readonly isEncrypted: boolean;
  /** How far the server's clock is ahead of this machine's, in milliseconds; negative if it is behind. */
  readonly clockAheadMs: number;
  /** A migration that this version does not know; null if there is none. */
  readonly newerSchema: string | null;
}

const FACTS = `
  SELECT current_setting('server_version_num')::int AS "versionNumber", current_setting('server_encoding') AS encoding,
    split_part(current_setting('server_version'), ' ', 1) AS version,
    pg_is_in_recovery() AS "isStandby", current_setting('default_transaction_read_only') = 'on' AS "isReadOnly",
    current_setting('synchronous_commit') AS "synchronousCommit",
    current_setting('synchronous_standby_names') AS "synchronousStandbys",
    current_setting('fsync') = 'on' AS fsync, current_setting('full_page_writes') = 'on' AS "fullPageWrites",
    current_user AS "user", current_database() AS database, current_schema() AS schema,
    coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS "mayCreate",
    (SELECT relowner::regrole::text FROM pg_class
      WHERE oid = to_regclass('kysely_migration') AND NOT pg_has_role(relowner, 'USAGE')) AS "foreignOwner",
    (SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()) AS "isEncrypted",
    extract(epoch FROM clock_timestamp()) * 1000 AS now`;

/** A limit of -1 is none. Of other users' connections the type is hidden. This connection and those of a bridge are not counted. */
const FREE_CONNECTIONS = `
  WITH others AS (
    SELECT datname, usename FROM pg_stat_activity
    WHERE datname IS NOT NULL AND coalesce(backend_type, 'client backend') = 'client backend'
      AND NOT (application_name LIKE 'wabridge %' AND datname = current_database() AND usename = current_user)
  )
  SELECT least(
    current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
      - coalesce(current_setting('reserved_connections', true)::int, 0) - (SELECT count(*) FROM others),
    (SELECT CASE WHEN rolconnlimit < 0 THEN NULL
      ELSE rolconnlimit - (SELECT count(*) FROM others WHERE usename = current_user) END
      FROM pg_roles WHERE rolname = current_user),
    (SELECT CASE WHEN datconnlimit < 0 THEN NULL
      ELSE datconnlimit - (SELECT count(*) FROM others WHERE datname = current_database()) END
      FROM pg_database WHERE datname = current_database())
  ) AS free`;

/**
 * Asks the server of a URL.
 *
 * @returns the facts, or why they cannot be had, for an operator and without credentials
 * @throws WabError WAB_CONFIG_INVALID
 */
export async function askServer(url: string): Promise<ServerFacts | { readonly problem: string }> {
  const limits = { connectionTimeoutMillis: DEADLINE_MS, query_timeout: DEADLINE_MS };
  const client = new pg.Client({ ...connectionSettings(url, 'doctor'), ...limits });
  // What ends the connection meanwhile fails what is being asked, too.
  client.on('error', () => undefined);
  try {
    await client.connect().catch((error: unknown) => {
      throw asFailure(error);
    });
    const facts = await ask(new PostgresConnection(client));
    await client.end();
    return facts;
  } catch (error) {
    destroy(client);
    return { problem: problemOf(error) };
  }
}

async function ask(connection: PostgresConnection): Promise<ServerFacts> {
  const one = async <R>(sql: string): Promise<R> =>
    (await connection.executeQuery<R>(CompiledQuery.raw(sql))).rows[0] as R;
  const asked = Date.now();
  const { now, ...facts } = await one<
    Omit<ServerFacts, 'freeConnections' | 'clockAheadMs' | 'newerSchema'> & { now: number }
  >(FACTS);
  const answered = Date.now();
  const { free } = await one<{ free: number }>(FREE_CONNECTIONS);
  const applied = facts.foreignOwner !== null ? [] : await appliedMigrations(connection);
  return {
    ...facts,
    freeConnections: free,
    clockAheadMs: Math.round(now - (asked + answered) / 2),
    newerSchema: applied.find((name) => !(name in MIGRATIONS)) ?? null,
  };
}

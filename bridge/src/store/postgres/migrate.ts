/** Brings a database to the newest schema, under a lock and in one transaction. */
import { sql } from 'kysely';
import { Migrator } from 'kysely/migration';
import { WabError } from '../../contract/errors.ts';
import { migrationProvider, MIGRATIONS } from '../migrations/index.ts';
import type { PostgresConnection } from './connection.ts';
import { kyselyOver } from './dialect.ts';
import { SchemaPlugin } from './schema-plugin.ts';

/** A migration rewrites tables of any size, so its statements may take longer than others, in milliseconds. */
const MIGRATION_STATEMENT_MS = 3_600_000;

/**
 * Carries out the migrations that are missing, and makes the table by which the writer recognises its last commit.
 *
 * @param to the last migration to be carried out; without it, all
 * @throws WabError WAB_DATABASE_NEWER; what the failing migration threw; the database is unchanged then
 */
export async function migrate(connection: PostgresConnection, to?: string): Promise<void> {
  const kysely = kyselyOver<unknown>(connection, 'kysely', [new SchemaPlugin()]);
  const newer = (await appliedMigrations(connection)).find((name) => !(name in MIGRATIONS));
  if (newer !== undefined) throw new WabError('WAB_DATABASE_NEWER', { schema: newer });
  await connection.run(`SET statement_timeout = ${MIGRATION_STATEMENT_MS}`);
  try {
    const migrator = new Migrator({ db: kysely, provider: migrationProvider });
    const { error } = await (to === undefined ? migrator.migrateToLatest() : migrator.migrateTo(to));
    if (error !== undefined)
      throw error instanceof Error ? error : new Error(`Migration failed: ${JSON.stringify(error)}`);
    await connection.run('CREATE TABLE IF NOT EXISTS writer_marker (one integer PRIMARY KEY, group_id text NOT NULL)');
  } finally {
    await connection.run('RESET statement_timeout').catch(() => undefined);
  }
}

/** Names of the migrations that a database has seen, oldest first; none of one that is new. */
export async function appliedMigrations(connection: PostgresConnection): Promise<readonly string[]> {
  const kysely = kyselyOver<unknown>(connection, 'kysely');
  const { rows } = await sql<{ known: string | null }>`SELECT to_regclass('kysely_migration')::text AS known`.execute(
    kysely,
  );
  if (rows[0]?.known == null) return [];
  const applied = await sql<{ name: string }>`SELECT name FROM kysely_migration ORDER BY name`.execute(kysely);
  return applied.rows.map(({ name }) => name);
}

/** Brings a database to the newest schema. */
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DatabaseSync } from 'node:sqlite';
import { migrationProvider } from '../migrations/index.ts';
import { NodeSqliteDialect } from './dialect.ts';

/**
 * Carries out the migrations that are missing, all in one transaction.
 *
 * @throws what the failing migration threw; the database is unchanged then
 */
export async function migrate(database: DatabaseSync): Promise<void> {
  const kysely = new Kysely<unknown>({ dialect: new NodeSqliteDialect(database) });
  const { error } = await new Migrator({ db: kysely, provider: migrationProvider }).migrateToLatest();
  if (error !== undefined)
    throw error instanceof Error ? error : new Error(`Migration failed: ${JSON.stringify(error)}`);
}

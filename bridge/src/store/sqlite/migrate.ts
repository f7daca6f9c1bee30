/** Brings a database to the newest schema. */
import { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { DatabaseSync } from 'node:sqlite';
import { WabError } from '../../contract/errors.ts';
import { migrationProvider, MIGRATIONS } from '../migrations/index.ts';
import { NodeSqliteDialect } from './dialect.ts';

/**
 * Carries out the migrations that are missing, all in one transaction.
 *
 * @param to the last one to be carried out; without it, all
 * @throws WabError WAB_DATABASE_NEWER; what the failing migration threw; the database is unchanged then
 */
export async function migrate(database: DatabaseSync, to?: string): Promise<void> {
  const newer = appliedMigrations(database).find((name) => !(name in MIGRATIONS));
  if (newer !== undefined) throw new WabError('WAB_DATABASE_NEWER', { schema: newer });
  const kysely = new Kysely<unknown>({ dialect: new NodeSqliteDialect(database) });
  const migrator = new Migrator({ db: kysely, provider: migrationProvider });
  const { error } = await (to === undefined ? migrator.migrateToLatest() : migrator.migrateTo(to));
  if (error !== undefined)
    throw error instanceof Error ? error : new Error(`Migration failed: ${JSON.stringify(error)}`);
}

/** Names of the migrations that a database has seen, oldest first; none of one that is new. */
export function appliedMigrations(database: DatabaseSync): readonly string[] {
  const known = database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'kysely_migration'").get() !== undefined;
  if (!known) return [];
  const rows = database.prepare('SELECT name FROM kysely_migration ORDER BY name').all() as { name: string }[];
  return rows.map(({ name }) => name);
}

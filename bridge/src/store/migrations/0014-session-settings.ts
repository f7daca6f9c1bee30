/** What an engine needs to know of a session; secrets are sealed with the master key. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('settings', 'text').execute();
  await db.schema.alterTable('sessions').addColumn('secrets', 'text').execute();
}

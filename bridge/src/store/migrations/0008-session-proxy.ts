/** The proxy of a session; its login is sealed with the master key. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('proxy', 'text').execute();
  await db.schema.alterTable('sessions').addColumn('proxy_login', 'text').execute();
}

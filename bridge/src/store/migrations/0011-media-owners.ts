/**
 * Whose an upload is: the sessions of the key that made it, as JSON; null for a key that may use every session. Uploads
 * from before belong to such keys alone.
 */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('media').addColumn('owner_sessions', 'text').execute();
}

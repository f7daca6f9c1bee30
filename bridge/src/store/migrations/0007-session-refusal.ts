/** Why WhatsApp refuses an account, so that a session is left alone after a restart too. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('refusal', 'text').execute();
}

/** Since when a subscription that nobody reads gathers nothing more. */
import type { Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('subscriptions').addColumn('paused_at', 'bigint').execute();
}

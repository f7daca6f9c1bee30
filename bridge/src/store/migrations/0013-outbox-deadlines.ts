/** The deadlines of messages that wait, in an index that the look for expired ones uses. */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  // Without statistics SQLite took the index over states instead, and read every message that waits, each second.
  await db.schema.dropIndex('outbox_expiry').execute();
  await sql`
    CREATE INDEX outbox_deadlines ON outbox (state, expires_at)
    WHERE state = 'queued' AND expires_at IS NOT NULL`.execute(db);
}

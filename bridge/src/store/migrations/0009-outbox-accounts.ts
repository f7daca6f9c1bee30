/**
 * The account that an outbox message belongs to, the login under which it was sent, until when it may be sent, and since
 * when it waits where a person put it back.
 */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('sessions').addColumn('account', 'text').execute();
  await db.schema
    .alterTable('sessions')
    .addColumn('login', 'integer', (column) => column.notNull().defaultTo(0))
    .execute();
  await sql`UPDATE sessions SET account = self`.execute(db);
  // What was being sent under a login that has ended since can no longer be asked about.
  await sql`UPDATE sessions SET login = 1 WHERE desired = 'logged_out'`.execute(db);

  await db.schema.alterTable('outbox').addColumn('account', 'text').execute();
  for (const name of ['login', 'doubted']) {
    await db.schema
      .alterTable('outbox')
      .addColumn(name, 'integer', (column) => column.notNull().defaultTo(0))
      .execute();
  }
  for (const name of ['expires_at', 'resent_at'])
    await db.schema.alterTable('outbox').addColumn(name, 'bigint').execute();
  await sql`UPDATE outbox SET account = (SELECT account FROM sessions WHERE sessions.name = outbox.session)`.execute(
    db,
  );
  // The account that these wait for is not known any more: they expire, since the next one that is linked may be another.
  await sql`
    UPDATE outbox SET expires_at = created_at
    WHERE state = 'queued' AND account IS NULL AND (
      session IN (SELECT name FROM sessions WHERE desired = 'logged_out')
      OR session IN (SELECT session FROM outbox WHERE attempts > 0)
    )`.execute(db);
  await db.schema
    .createIndex('outbox_unclaimed')
    .on('outbox')
    .columns(['session'])
    .where(sql.ref('account'), 'is', null)
    .execute();
  await sql`CREATE INDEX outbox_expiry ON outbox (expires_at) WHERE state = 'queued' AND expires_at IS NOT NULL`.execute(
    db,
  );
}

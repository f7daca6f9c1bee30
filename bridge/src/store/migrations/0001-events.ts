/** The event log: envelopes, payloads, dedupe keys, epoch. */
import { randomUUID } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { EventsTables } from '../events.tables.ts';

export async function up(db: Kysely<EventsTables>): Promise<void> {
  const schema = db.schema;
  await schema
    .createTable('events')
    .addColumn('seq', 'integer', (column) => column.primaryKey())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('session', 'text')
    .addColumn('chat_id', 'text')
    .addColumn('chat_kind', 'text')
    .addColumn('sender_keys', 'text', (column) => column.notNull())
    .addColumn('from_me', 'integer')
    .addColumn('occurred_at', 'text', (column) => column.notNull())
    .addColumn('recorded_at', 'bigint', (column) => column.notNull())
    .addColumn('lane', 'text', (column) => column.notNull())
    .execute();
  await schema.createIndex('events_lane').on('events').columns(['lane', 'seq']).execute();

  await schema
    .createTable('event_payloads')
    .addColumn('seq', 'integer', (column) => column.primaryKey().references('events.seq').onDelete('cascade'))
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('body', 'text')
    .execute();

  // Gives out the positions: ascending and never twice, also after retention has removed the newest event. Keyed by
  // them: appended at the end and pruned from the front, so that no index on the expiry is needed.
  await schema
    .createTable('event_dedupe')
    .addColumn('seq', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();

  await schema
    .createTable('log_meta')
    .addColumn('one', 'integer', (column) => column.primaryKey())
    .addColumn('epoch', 'text', (column) => column.notNull())
    .addColumn('horizon', 'integer', (column) => column.notNull())
    .execute();
  await db
    .insertInto('log_meta')
    .values({ one: 1, epoch: randomUUID().replaceAll('-', ''), horizon: 0 })
    .execute();
}

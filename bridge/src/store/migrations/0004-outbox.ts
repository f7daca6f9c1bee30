/** The outbox: messages that were promised, and the idempotency keys that asked for them. */
import { sql, type Kysely } from 'kysely';

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('outbox')
    .addColumn('position', 'integer', (column) => column.primaryKey().autoIncrement())
    .addColumn('id', 'text', (column) => column.notNull().unique())
    .addColumn('session', 'text', (column) => column.notNull())
    .addColumn('chat_id', 'text', (column) => column.notNull())
    .addColumn('chat', 'text', (column) => column.notNull())
    .addColumn('resolved', 'integer', (column) => column.notNull())
    .addColumn('content', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('media_id', 'text')
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('wire_id', 'text')
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('head', 'integer', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
  // One message per chat is in flight or next; the database itself holds that.
  await db.schema
    .createIndex('outbox_one_head')
    .on('outbox')
    .columns(['session', 'chat_id'])
    .unique()
    .where(sql.ref('head'), '=', 1)
    .execute();
  // Due heads of a session, oldest appointment first.
  await db.schema
    .createIndex('outbox_heads')
    .on('outbox')
    .columns(['session', 'head', 'state', 'due_at', 'position'])
    .execute();
  await db.schema
    .createIndex('outbox_chats')
    .on('outbox')
    .columns(['session', 'chat_id', 'state', 'position'])
    .execute();
  await db.schema.createIndex('outbox_sessions').on('outbox').columns(['session', 'state', 'position']).execute();
  await db.schema.createIndex('outbox_wire_ids').on('outbox').columns(['session', 'wire_id']).execute();
  await db.schema.createIndex('outbox_states').on('outbox').columns(['state', 'created_at']).execute();
  await db.schema.createIndex('outbox_media').on('outbox').columns(['media_id']).execute();

  await db.schema
    .createTable('outbox_idempotency')
    .addColumn('key_id', 'text', (column) => column.notNull())
    .addColumn('idempotency_key', 'text', (column) => column.notNull())
    .addColumn('outbox_id', 'text', (column) => column.notNull())
    .addColumn('digest', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('outbox_idempotency_pk', ['key_id', 'idempotency_key'])
    .execute();
  await db.schema.createIndex('outbox_idempotency_age').on('outbox_idempotency').columns(['created_at']).execute();
}

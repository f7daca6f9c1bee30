/** Rows of the outbox as they are stored, and the order of each chat: which of its messages is next. */
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import type { ChatId, KeyId, OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import type { OutboxState } from '../contract/views/outbox-message.ts';
import type { OutboxTable } from './outbox.tables.ts';
import type { Schema } from './schema.ts';

export type OutboxRow = Selectable<OutboxTable>;

// Written out, since an index over heads alone, or over what waits alone, serves no query whose value is a parameter.
export const HEAD = sql.lit(1);
export const QUEUED = sql.lit<OutboxState>('queued');

export interface IdempotencyClaim {
  readonly keyId: KeyId;
  readonly key: string;
  readonly digest: string;
  readonly firstAnswer: boolean;
  /** Claims made before this are forgotten. */
  readonly validSince: number;
}

export type Claimed = { readonly kind: 'stored' | 'replayed'; readonly row: OutboxRow } | { readonly kind: 'reused' };

/** One message, by our id, or by WhatsApp's: by any that it may have. */
export type MessageReference =
  { readonly id: OutboxId } | { readonly session: SessionName; readonly messageIds: readonly MessageId[] };

/** What a known idempotency key answers, or undefined. */
export async function claimOf(db: Kysely<Schema>, claim: IdempotencyClaim): Promise<Claimed | undefined> {
  const known = await db
    .selectFrom('outbox_idempotency')
    .select(['outbox_id', 'digest'])
    .where('key_id', '=', claim.keyId)
    .where('idempotency_key', '=', claim.key)
    .where('created_at', '>=', claim.validSince)
    .executeTakeFirst();
  if (!known) return undefined;
  if (known.digest !== claim.digest && !claim.firstAnswer) return { kind: 'reused' };
  return { kind: 'replayed', row: await rowOf(db, known.outbox_id) };
}

/** Puts what waits under an address that is not resolved into the order of the chat that it turned out to be. */
export async function joinChat(
  db: Transaction<Schema>,
  session: string,
  from: string,
  chatId: ChatId,
  chat: string,
  now: number,
): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ chat_id: chatId, chat, resolved: 1, head: 0, updated_at: now })
    .where('session', '=', session)
    .where('chat_id', '=', from)
    .where('state', '=', 'queued')
    .where('resolved', '=', 0)
    .execute();
  await electHead(db, session, from);
}

/** The message that is in flight keeps the head; else the oldest that waits has it. */
export async function electHead(db: Transaction<Schema>, session: string, chatId: string): Promise<void> {
  const candidate = (state: OutboxState) =>
    db
      .selectFrom('outbox')
      .select('position')
      .where('session', '=', session)
      .where('chat_id', '=', chatId)
      .where('state', '=', state)
      .orderBy('position')
      .limit(1)
      .executeTakeFirst();
  const elected = (await candidate('sending')) ?? (await candidate('queued'));
  const current = await db
    .selectFrom('outbox')
    .select('position')
    .where('session', '=', session)
    .where('chat_id', '=', chatId)
    .where('head', '=', HEAD)
    .executeTakeFirst();
  if (current?.position === elected?.position) return;
  if (current) await db.updateTable('outbox').set({ head: 0 }).where('position', '=', current.position).execute();
  if (elected) await db.updateTable('outbox').set({ head: 1 }).where('position', '=', elected.position).execute();
}

export function findMessage(db: Kysely<Schema>, of: MessageReference): Promise<OutboxRow | undefined> {
  const query = db.selectFrom('outbox').selectAll();
  return 'id' in of
    ? query.where('id', '=', of.id).executeTakeFirst()
    : query.where('session', '=', of.session).where('wire_id', 'in', of.messageIds).executeTakeFirst();
}

/** @throws NoResultError if there is none */
export const rowOf = (db: Kysely<Schema>, id: string): Promise<OutboxRow> =>
  db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

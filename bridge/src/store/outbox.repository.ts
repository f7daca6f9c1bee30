/** Write operations of the outbox. Which moves are legal is decided by `outbox/outbox-state.ts`, not here. */
import type { Transaction, Updateable } from 'kysely';
import { WabError } from '../contract/errors.ts';
import type { OutboxState } from '../contract/views/outbox-message.ts';
import type { ChatId, MediaId, OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import { defineOperation } from './operation.ts';
import {
  claimOf,
  electHead,
  findMessage,
  HEAD,
  joinChat,
  QUEUED,
  rowOf,
  type Claimed,
  type IdempotencyClaim,
  type MessageReference,
  type OutboxRow,
} from './outbox-rows.ts';
import type { OutboxTable } from './outbox.tables.ts';
import type { Schema } from './schema.ts';

const SETTLED: readonly OutboxState[] = ['accepted', 'delivered', 'read', 'cancelled'];

export interface NewOutboxRow {
  readonly id: OutboxId;
  readonly session: SessionName;
  readonly chatId: ChatId;
  /** The address that was asked for, where WhatsApp knows the chat under another. */
  readonly alias: ChatId | null;
  readonly chat: string;
  readonly resolved: boolean;
  readonly type: string;
  readonly content: string;
  readonly mediaId: MediaId | null;
  /** The account that it is to be sent from, as JSON; null until the session's first account is linked. */
  readonly account: string | null;
  readonly expiresAt: number;
}

/** Takes a message and its idempotency key in one step, so that two equal requests at once make one message. */
export const acceptMessage = defineOperation(
  'outbox.accept',
  async (
    db,
    args: { readonly row: NewOutboxRow; readonly claim: IdempotencyClaim; readonly now: number },
  ): Promise<Claimed> => {
    const { row, claim, now } = args;
    const known = await claimOf(db, claim);
    if (known) return known;
    if (row.mediaId !== null) {
      const media = await db
        .selectFrom('media')
        .select('id')
        .where('id', '=', row.mediaId)
        .where('state', '=', 'stored')
        .executeTakeFirst();
      if (!media) throw new WabError('WAB_MEDIA_NOT_FOUND', { mediaId: row.mediaId });
    }
    await insertMessage(db, row, now);
    await rememberClaim(db, claim, row.id, now);
    // What waits for the same person under the other address was there first.
    if (row.alias !== null) await joinChat(db, row.session, row.alias, row.chatId, row.chat, now);
    await electHead(db, row.session, row.chatId);
    return { kind: 'stored', row: await rowOf(db, row.id) };
  },
);

async function insertMessage(db: Transaction<Schema>, row: NewOutboxRow, now: number): Promise<void> {
  await db
    .insertInto('outbox')
    .values({
      id: row.id,
      session: row.session,
      chat_id: row.chatId,
      chat: row.chat,
      resolved: row.resolved ? 1 : 0,
      type: row.type,
      content: row.content,
      media_id: row.mediaId,
      state: 'queued',
      account: row.account,
      expires_at: row.expiresAt,
      resent_at: null,
      wire_id: null,
      attempts: 0,
      // At once by any clock, also by one that is set back.
      due_at: 0,
      head: 0,
      error_code: null,
      error_message: null,
      created_at: now,
      updated_at: now,
    })
    .execute();
}

/** A key that is used again after it was forgotten stands for the new message. */
async function rememberClaim(
  db: Transaction<Schema>,
  claim: IdempotencyClaim,
  id: OutboxId,
  now: number,
): Promise<void> {
  await db
    .insertInto('outbox_idempotency')
    .values({
      key_id: claim.keyId,
      idempotency_key: claim.key,
      outbox_id: id,
      digest: claim.digest,
      created_at: now,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['key_id', 'idempotency_key'])
        .doUpdateSet({ outbox_id: id, digest: claim.digest, created_at: now }),
    )
    .execute();
}

export interface Move {
  readonly of: MessageReference;
  /** Compare-and-set: nothing happens where the message is in none of these states. */
  readonly from: readonly OutboxState[];
  readonly to: OutboxState;
  readonly now: number;
  readonly messageId?: MessageId;
  readonly attempts?: number;
  readonly dueAt?: number;
  /** Null takes the deadline away. */
  readonly expiresAt?: null;
  /** When a person put it back into the queue. */
  readonly resentAt?: number;
  /** The account that sends it, as JSON, and the session's login by which it does. */
  readonly sender?: { readonly account: string | null; readonly login: number };
  /** Null clears it. */
  readonly error?: { readonly code: string; readonly message: string } | null;
  /** Only the head of its chat may move (it is about to be sent). */
  readonly headOnly?: boolean;
  /** Throws WAB_OUTBOX_STATE if it cannot be done, so that an event of the same transaction is not stored either. */
  readonly required?: boolean;
}

/** Moves one message to another state; the head of its chat follows. */
export const moveMessage = defineOperation('outbox.move', async (db, move: Move): Promise<OutboxRow | null> => {
  const row = await findMessage(db, move.of);
  if (!row || !move.from.includes(row.state) || (move.headOnly && row.head !== 1)) {
    if (!move.required) return null;
    if (!row) throw new WabError('WAB_OUTBOX_NOT_FOUND', { id: 'id' in move.of ? move.of.id : '' });
    throw new WabError('WAB_OUTBOX_STATE', {
      id: row.id,
      state: row.state,
      hint: `it cannot become ${move.to} from this state`,
    });
  }
  const change: Updateable<OutboxTable> = {
    state: move.to,
    updated_at: move.now,
    ...(move.messageId !== undefined ? { wire_id: move.messageId } : {}),
    ...(move.attempts !== undefined ? { attempts: move.attempts } : {}),
    ...(move.dueAt !== undefined ? { due_at: move.dueAt } : {}),
    ...(move.sender !== undefined ? { account: row.account ?? move.sender.account, login: move.sender.login } : {}),
    ...(move.to === 'in_doubt' ? { doubted: 1 } : {}),
    ...(move.expiresAt !== undefined ? { expires_at: move.expiresAt } : {}),
    ...(move.resentAt !== undefined ? { resent_at: move.resentAt } : {}),
    ...(move.error !== undefined
      ? { error_code: move.error?.code ?? null, error_message: move.error?.message ?? null }
      : {}),
  };
  await db.updateTable('outbox').set(change).where('position', '=', row.position).execute();
  await electHead(db, row.session, row.chat_id);
  return rowOf(db, row.id);
});

/** Notes under which address WhatsApp knows the recipient. The message joins the order of that chat. */
export const addressMessage = defineOperation(
  'outbox.address',
  async (
    db,
    args: { readonly id: OutboxId; readonly chatId: ChatId; readonly chat: string; readonly now: number },
  ): Promise<OutboxRow | null> => {
    const row = await findMessage(db, { id: args.id });
    if (!row || row.state !== 'queued') return null;
    // It leaves the old order before it joins the new one: a chat has one head.
    await db
      .updateTable('outbox')
      .set({ chat_id: args.chatId, chat: args.chat, resolved: 1, head: 0, updated_at: args.now })
      .where('position', '=', row.position)
      .execute();
    // The same address means the same chat for all that wait under it.
    if (row.chat_id !== args.chatId) await joinChat(db, row.session, row.chat_id, args.chatId, args.chat, args.now);
    await electHead(db, row.session, args.chatId);
    return rowOf(db, args.id);
  },
);

/** Makes messages that wait for a session due at once, since it is ready. */
export const makeMessagesDue = defineOperation(
  'outbox.makeDue',
  async (
    db,
    args: { readonly session: SessionName; readonly errorCode: string; readonly now: number },
  ): Promise<void> => {
    await db
      .updateTable('outbox')
      .set({ due_at: 0 })
      .where('session', '=', args.session)
      .where('head', '=', HEAD)
      .where('state', '=', 'queued')
      .where('error_code', '=', args.errorCode)
      .where('due_at', '>', args.now)
      .execute();
  },
);

/**
 * Messages that were accepted before their session had an account belong to the first one that is linked. Those whose
 * send began without its account being noted belong to it only if no login has ended since.
 */
export const claimMessages = defineOperation(
  'outbox.claim',
  async (
    db,
    args: { readonly session: SessionName; readonly account: string; readonly login: number },
  ): Promise<void> => {
    await db
      .updateTable('outbox')
      .set({ account: args.account })
      .where('session', '=', args.session)
      .where('account', 'is', null)
      .where((row) => row.or([row('state', '=', QUEUED), row('login', '=', args.login)]))
      .execute();
  },
);

/** Forgets old idempotency keys and old messages that came to their end, a bounded number at a time. */
export const pruneOutbox = defineOperation(
  'outbox.prune',
  async (
    db,
    args: { readonly keysBefore: number; readonly settledBefore: number; readonly limit: number },
  ): Promise<number> => {
    const keys = await db
      .selectFrom('outbox_idempotency')
      .select(['key_id', 'idempotency_key'])
      .where('created_at', '<', args.keysBefore)
      .orderBy('created_at')
      .limit(args.limit)
      .execute();
    for (const { key_id, idempotency_key } of keys) {
      await db
        .deleteFrom('outbox_idempotency')
        .where('key_id', '=', key_id)
        .where('idempotency_key', '=', idempotency_key)
        .execute();
    }
    const settled = await db
      .selectFrom('outbox')
      .select('position')
      .where('state', 'in', SETTLED)
      .where('created_at', '<', args.settledBefore)
      .where('updated_at', '<', args.settledBefore)
      .limit(args.limit)
      .execute();
    if (settled.length > 0) {
      await db
        .deleteFrom('outbox')
        .where(
          'position',
          'in',
          settled.map(({ position }) => position),
        )
        .execute();
    }
    return keys.length + settled.length;
  },
);

export const outboxOperations = [
  acceptMessage,
  moveMessage,
  addressMessage,
  makeMessagesDue,
  claimMessages,
  pruneOutbox,
] as const;

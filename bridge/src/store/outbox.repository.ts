/** Reads and write operations of the outbox. Which moves are legal is decided by `outbox/outbox-state.ts`, not here. */
import { sql, type Kysely, type Selectable, type Transaction, type Updateable } from 'kysely';
import { WabError } from '../contract/errors.ts';
import type { OutboxState } from '../contract/views/outbox-message.ts';
import type { ChatId, KeyId, MediaId, OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import { defineOperation } from './operation.ts';
import type { OutboxTable } from './outbox.tables.ts';
import type { Schema } from './schema.ts';

export type OutboxRow = Selectable<OutboxTable>;

/** Written out, since an index over heads alone serves no query whose value is a parameter. */
const HEAD = sql.lit(1);
/** A row that was written this much later than it is now tells of a clock that was set back. */
const CLOCK_STEP_MS = 1_000;
const QUEUED = sql.lit<OutboxState>('queued');
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

export interface IdempotencyClaim {
  readonly keyId: KeyId;
  readonly key: string;
  readonly digest: string;
  readonly firstAnswer: boolean;
  /** Claims made before this are forgotten. */
  readonly validSince: number;
}

export type Claimed = { readonly kind: 'stored' | 'replayed'; readonly row: OutboxRow } | { readonly kind: 'reused' };

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
    await db
      .insertInto('outbox_idempotency')
      .values({
        key_id: claim.keyId,
        idempotency_key: claim.key,
        outbox_id: row.id,
        digest: claim.digest,
        created_at: now,
      })
      .onConflict((conflict) =>
        conflict
          .columns(['key_id', 'idempotency_key'])
          .doUpdateSet({ outbox_id: row.id, digest: claim.digest, created_at: now }),
      )
      .execute();
    // What waits for the same person under the other address was there first.
    if (row.alias !== null) await joinChat(db, row.session, row.alias, row.chatId, row.chat, now);
    await electHead(db, row.session, row.chatId);
    return { kind: 'stored', row: await rowOf(db, row.id) };
  },
);

export interface Move {
  /** By our id, or by WhatsApp's: by any that the message may have. */
  readonly of: { readonly id: OutboxId } | { readonly session: SessionName; readonly messageIds: readonly MessageId[] };
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
  const row = await findMoved(db, move.of);
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
    const row = await findMoved(db, { id: args.id });
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

/** What the outbox reads; committed data only. */
export class OutboxReads {
  readonly #db: Kysely<Schema>;

  constructor(reader: Kysely<Schema>) {
    this.#db = reader;
  }

  find(id: OutboxId): Promise<OutboxRow | undefined> {
    return this.#db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirst();
  }

  byMessageIds(session: SessionName, messageIds: readonly MessageId[]): Promise<OutboxRow | undefined> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('wire_id', 'in', messageIds)
      .executeTakeFirst();
  }

  /** What a known idempotency key answers, or undefined. */
  claimed(claim: IdempotencyClaim): Promise<Claimed | undefined> {
    return claimOf(this.#db, claim);
  }

  list(filter: {
    readonly session?: SessionName;
    readonly states?: readonly OutboxState[];
    readonly before?: OutboxId;
    readonly limit: number;
  }): Promise<OutboxRow[]> {
    let query = this.#db.selectFrom('outbox').selectAll();
    if (filter.session) query = query.where('session', '=', filter.session);
    if (filter.states?.length) query = query.where('state', 'in', filter.states);
    const { before } = filter;
    if (before) {
      query = query.where('position', '<', (inner) =>
        inner.selectFrom('outbox').select('position').where('id', '=', before),
      );
    }
    return query.orderBy('position', 'desc').limit(filter.limit).execute();
  }

  /**
   * The next message of each chat that is due, in the order in which they became due.
   *
   * @param what without files, a chat whose next message brings one is left out
   */
  async dueHeads(
    session: SessionName,
    now: number,
    limit: number,
    what: 'all' | 'without files',
  ): Promise<OutboxRow[]> {
    const heads = this.#queuedHeads(session)
      .selectAll()
      .$if(what === 'without files', (some) => some.where('media_id', 'is', null))
      .orderBy('due_at')
      .orderBy('position')
      .limit(limit);
    const due = await heads.where('due_at', '<=', now).execute();
    if (due.length >= limit) return due;
    // Put off by a clock that was set back since: how long ago that was is not known, so they wait no longer.
    const ahead = await heads
      .where('due_at', '>', now)
      .where('updated_at', '>', now + CLOCK_STEP_MS)
      .execute();
    return [...due, ...ahead].slice(0, limit);
  }

  /** When the next message that waits becomes due, or null. */
  async nextDue(session: SessionName, after: number): Promise<number | null> {
    const row = await this.#queuedHeads(session)
      .select('due_at')
      .where('due_at', '>', after)
      .orderBy('due_at')
      .limit(1)
      .executeTakeFirst();
    return row?.due_at ?? null;
  }

  /** Sessions with a message that is queued or sending. Each chat of such a message has a head. */
  async sessionsWithWork(): Promise<SessionName[]> {
    const found: SessionName[] = [];
    // One step per session in the index over heads; `distinct` would read every message that waits.
    for (let last = ''; ;) {
      const row = await this.#db
        .selectFrom('outbox')
        .select('session')
        .where('head', '=', HEAD)
        .where('session', '>', last)
        .orderBy('session')
        .limit(1)
        .executeTakeFirst();
      if (!row) return found;
      last = row.session;
      found.push(last as SessionName);
    }
  }

  /** Messages of a session whose send was interrupted and which have no id to ask for, oldest first. */
  interruptedWithoutId(session: SessionName, limit: number): Promise<OutboxRow[]> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('state', '=', 'sending')
      .where('wire_id', 'is', null)
      .limit(limit)
      .execute();
  }

  /** Messages that are `sending` by another login of their session than this one. */
  sendingByOtherLogin(session: SessionName, login: number, limit: number): Promise<OutboxRow[]> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('state', '=', 'sending')
      .where('login', '!=', login)
      .limit(limit)
      .execute();
  }

  /** The accounts, as JSON, for which the next message of a chat waits. */
  async waitingAccounts(session: SessionName): Promise<string[]> {
    const rows = await this.#queuedHeads(session).select('account').distinct().execute();
    return rows.flatMap(({ account }) => (account === null ? [] : [account]));
  }

  /** Messages that wait for an account, oldest first. @param account as JSON */
  waitingFor(session: SessionName, account: string, limit: number): Promise<OutboxRow[]> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('state', '=', 'queued')
      .where('account', '=', account)
      .orderBy('position')
      .limit(limit)
      .execute();
  }

  /** Messages that have been `sending` since before a time. */
  sendingSince(sessions: readonly SessionName[], before: number, limit: number): Promise<OutboxRow[]> {
    return this.#ofSessions(sessions)
      .where('state', '=', 'sending')
      .where('updated_at', '<', before)
      .limit(limit)
      .execute();
  }

  /** How many messages are in each state that occurs. */
  async countByState(): Promise<Readonly<Record<string, number>>> {
    const rows = await this.#db
      .selectFrom('outbox')
      .select(({ fn }) => ['state', fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute();
    return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
  }

  /** Messages of a session in a state, oldest first. */
  inState(session: SessionName, state: OutboxState, limit: number): Promise<OutboxRow[]> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('state', '=', state)
      .orderBy('position')
      .limit(limit)
      .execute();
  }

  /** Sessions with a message that waits although its deadline is past: asked each second, and mostly there are none. */
  async sessionsWithExpired(now: number): Promise<SessionName[]> {
    const rows = await this.#db
      .selectFrom('outbox')
      .select('session')
      .distinct()
      .where('state', '=', QUEUED)
      .where('expires_at', 'is not', null)
      .where('expires_at', '<=', now)
      .execute();
    return rows.map(({ session }) => session as SessionName);
  }

  /** Messages that wait although their deadline is past. */
  expired(sessions: readonly SessionName[], now: number, limit: number): Promise<OutboxRow[]> {
    return this.#ofSessions(sessions)
      .where('state', '=', QUEUED)
      .where('expires_at', 'is not', null)
      .where('expires_at', '<=', now)
      .orderBy('expires_at')
      .limit(limit)
      .execute();
  }

  /** Messages that wait since before a time, by acceptance or by hand, oldest first. */
  queuedBefore(sessions: readonly SessionName[], before: number, limit: number): Promise<OutboxRow[]> {
    return this.#ofSessions(sessions)
      .where('state', '=', 'queued')
      .where('created_at', '<', before)
      .where((row) => row.or([row('resent_at', 'is', null), row('resent_at', '<', before)]))
      .orderBy('created_at')
      .limit(limit)
      .execute();
  }

  /** How many messages are in each state, for metrics. */
  async counts(): Promise<ReadonlyMap<OutboxState, number>> {
    const rows = await this.#db
      .selectFrom('outbox')
      .select(['state', (expression) => expression.fn.countAll<number>().as('count')])
      .groupBy('state')
      .execute();
    return new Map(rows.map(({ state, count }) => [state, Number(count)]));
  }

  /** An empty list is no SQL everywhere, so it gets a condition of its own. */
  #ofSessions(sessions: readonly SessionName[]) {
    const messages = this.#db.selectFrom('outbox').selectAll();
    return sessions.length === 0 ? messages.where(sql.lit(false)) : messages.where('session', 'in', sessions);
  }

  #queuedHeads(session: SessionName) {
    return this.#db
      .selectFrom('outbox')
      .where('session', '=', session)
      .where('head', '=', HEAD)
      .where('state', '=', 'queued');
  }
}

async function claimOf(db: Kysely<Schema>, claim: IdempotencyClaim): Promise<Claimed | undefined> {
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
async function joinChat(
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
async function electHead(db: Transaction<Schema>, session: string, chatId: string): Promise<void> {
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

function findMoved(db: Kysely<Schema>, of: Move['of']): Promise<OutboxRow | undefined> {
  const query = db.selectFrom('outbox').selectAll();
  return 'id' in of
    ? query.where('id', '=', of.id).executeTakeFirst()
    : query.where('session', '=', of.session).where('wire_id', 'in', of.messageIds).executeTakeFirst();
}

const rowOf = (db: Kysely<Schema>, id: string): Promise<OutboxRow> =>
  db.selectFrom('outbox').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

/** What the outbox reads; committed data only. */
import { sql, type Kysely } from 'kysely';
import type { OutboxState } from '../contract/views/outbox-message.ts';
import type { OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import {
  claimOf,
  findMessage,
  HEAD,
  QUEUED,
  type Claimed,
  type IdempotencyClaim,
  type OutboxRow,
} from './outbox-rows.ts';
import type { Schema } from './schema.ts';

/** A row that was written this much later than it is now tells of a clock that was set back. */
const CLOCK_STEP_MS = 1_000;

export class OutboxReads {
  readonly #db: Kysely<Schema>;

  constructor(reader: Kysely<Schema>) {
    this.#db = reader;
  }

  find(id: OutboxId): Promise<OutboxRow | undefined> {
    return findMessage(this.#db, { id });
  }

  byMessageIds(session: SessionName, messageIds: readonly MessageId[]): Promise<OutboxRow | undefined> {
    return findMessage(this.#db, { session, messageIds });
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
   * @param withFiles false to leave out a chat whose next message brings a file
   */
  async dueHeads(session: SessionName, now: number, limit: number, withFiles: boolean): Promise<OutboxRow[]> {
    const heads = this.#queuedHeads(session)
      .selectAll()
      .$if(!withFiles, (some) => some.where('media_id', 'is', null))
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
      .orderBy('position')
      .limit(limit)
      .execute();
  }

  /** Messages that are `sending` by another login of their session than this one, oldest first. */
  sendingByOtherLogin(session: SessionName, login: number, limit: number): Promise<OutboxRow[]> {
    return this.#db
      .selectFrom('outbox')
      .selectAll()
      .where('session', '=', session)
      .where('state', '=', 'sending')
      .where('login', '!=', login)
      .orderBy('position')
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

  /** Messages that have been `sending` since before a time, oldest first. */
  sendingSince(sessions: readonly SessionName[], before: number, limit: number): Promise<OutboxRow[]> {
    return this.#ofSessions(sessions)
      .where('state', '=', 'sending')
      .where('updated_at', '<', before)
      .orderBy('position')
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

  /** Messages that wait although their deadline is past, the longest overdue first. */
  expired(sessions: readonly SessionName[], now: number, limit: number): Promise<OutboxRow[]> {
    return this.#ofSessions(sessions)
      .where('state', '=', QUEUED)
      .where('expires_at', 'is not', null)
      .where('expires_at', '<=', now)
      .orderBy('expires_at')
      .orderBy('position')
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
      .orderBy('position')
      .limit(limit)
      .execute();
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

/** Dead letters: deliveries to subscriptions that were given up. */
import type { Kysely, Transaction } from 'kysely';
import type { DeadLetterId, Seq, SessionName, SubscriptionName } from '../contract/ids.ts';
import { defineOperation } from './operation.ts';
import type { Schema } from './schema.ts';
import { upsertPosition, type StoredPosition } from './stream-rows.ts';
import type { StreamDeadLettersTable } from './stream.tables.ts';

export interface StoredDeadLetter {
  readonly id: DeadLetterId;
  readonly subscription: SubscriptionName;
  readonly seq: Seq;
  readonly lane: string;
  readonly previous: Seq | null;
  readonly eventId: string;
  readonly eventType: string;
  readonly session: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly createdAt: number;
}

/** Keeps a delivery that was given up. Doing it twice leaves one dead letter. */
export const addDeadLetter = defineOperation(
  'stream.addDeadLetter',
  async (transaction, { deadLetter }: { deadLetter: StoredDeadLetter }): Promise<void> => {
    await transaction
      .insertInto('stream_dead_letters')
      .values({
        id: deadLetter.id,
        subscription: deadLetter.subscription,
        seq: deadLetter.seq,
        lane: deadLetter.lane,
        previous: deadLetter.previous,
        event_id: deadLetter.eventId,
        event_type: deadLetter.eventType,
        session: deadLetter.session,
        reason: deadLetter.reason,
        attempts: deadLetter.attempts,
        created_at: deadLetter.createdAt,
      })
      .onConflict((conflict) => conflict.columns(['subscription', 'seq']).doNothing())
      .execute();
  },
);

/**
 * Puts a dead letter back into its subscription. @returns the position to deliver again, or null without a dead letter
 */
export const redriveDeadLetter = defineOperation(
  'stream.redrive',
  async (
    transaction,
    { id, subscriptionId }: { id: DeadLetterId; subscriptionId: number },
  ): Promise<StoredPosition | null> => {
    const row = await transaction.selectFrom('stream_dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
    if (!row) return null;
    await transaction.deleteFrom('stream_dead_letters').where('id', '=', id).execute();
    const position: StoredPosition = {
      seq: row.seq as Seq,
      lane: row.lane,
      state: 'waiting',
      attempts: row.attempts,
      refusals: 0,
      losses: 0,
      previous: row.previous as Seq | null,
      notBefore: 0,
    };
    await upsertPosition(transaction, { ...position, id: subscriptionId });
    return position;
  },
);

export const discardDeadLetter = defineOperation(
  'stream.discard',
  async (transaction, { id }: { id: DeadLetterId }): Promise<{ removed: boolean }> => {
    const { numDeletedRows } = await transaction
      .deleteFrom('stream_dead_letters')
      .where('id', '=', id)
      .executeTakeFirstOrThrow();
    return { removed: numDeletedRows > 0n };
  },
);

export interface LateAck {
  readonly subscription: SubscriptionName;
  readonly seq: Seq;
  readonly attempt: number;
  /** Sessions that the key is limited to, or null. */
  readonly sessions: readonly string[] | null;
}

/** A delivery that was given up was acknowledged after all. */
export const settleLate = defineOperation(
  'stream.settleLate',
  async (transaction, { subscription, seq, attempt, sessions }: LateAck): Promise<void> => {
    const deletion = transaction
      .deleteFrom('stream_dead_letters')
      .where('subscription', '=', subscription)
      .where('seq', '=', seq)
      .where('attempts', '>=', attempt);
    await (sessions === null ? deletion : deletion.where('session', 'in', sessions)).execute();
  },
);

export const deadLetterOperations = [addDeadLetter, redriveDeadLetter, discardDeadLetter, settleLate] as const;

type Reader = Kysely<Schema> | Transaction<Schema>;

/** Sessions of the dead letters that a subscription, or an earlier one of its name, has left. */
export async function sessionsOfDeadLetters(
  db: Reader,
  subscription: SubscriptionName,
): Promise<readonly (SessionName | null)[]> {
  const rows = await db
    .selectFrom('stream_dead_letters')
    .select('session')
    .distinct()
    .where('subscription', '=', subscription)
    .execute();
  return rows.map(({ session }) => session as SessionName | null);
}

export interface DeadLetterPage {
  readonly limit: number;
  readonly before?: DeadLetterId | undefined;
}

/**
 * Dead letters, newest first.
 *
 * @param sessions those of other sessions, and of none, are left out; null for all
 */
export async function listDeadLetters(
  db: Reader,
  sessions: readonly SessionName[] | null,
  { limit, before }: DeadLetterPage,
): Promise<readonly StoredDeadLetter[]> {
  let query = db.selectFrom('stream_dead_letters').selectAll().orderBy('id', 'desc').limit(limit);
  if (before !== undefined) query = query.where('id', '<', before);
  if (sessions !== null) query = query.where('session', 'in', sessions);
  return (await query.execute()).map(toDeadLetter);
}

export async function findDeadLetter(db: Reader, id: DeadLetterId): Promise<StoredDeadLetter | null> {
  const row = await db.selectFrom('stream_dead_letters').selectAll().where('id', '=', id).executeTakeFirst();
  return row ? toDeadLetter(row) : null;
}

function toDeadLetter(row: StreamDeadLettersTable): StoredDeadLetter {
  return {
    id: row.id as DeadLetterId,
    subscription: row.subscription as SubscriptionName,
    seq: row.seq as Seq,
    lane: row.lane,
    previous: row.previous as Seq | null,
    eventId: row.event_id,
    eventType: row.event_type,
    session: row.session,
    reason: row.reason,
    attempts: row.attempts,
    createdAt: row.created_at,
  };
}

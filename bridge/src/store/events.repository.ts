/** SQL of the event log. */
import type { Kysely, QueryResult } from 'kysely';
import type { Filter } from '../contract/filter.ts';
import type { EventPayloadsTable, EventsTable } from './events.tables.ts';
import { defineOperation } from './operation.ts';
import { prepared, tellsInsertId } from './prepared.ts';
import type { Schema } from './schema.ts';

/** One event, taken apart into its rows. */
export interface AppendRow {
  readonly id: string;
  /** Other ids under which the event may be stored. */
  readonly aliases: readonly string[];
  readonly type: string;
  readonly session: string | null;
  readonly chatId: string | null;
  readonly chatKind: string | null;
  readonly senderKeys: string;
  readonly fromMe: number | null;
  readonly occurredAt: string;
  readonly recordedAt: number;
  readonly lane: string;
  readonly body: string;
  /** Until when the same id is recognised; milliseconds since the epoch. */
  readonly dedupeUntil: number;
}

const insertDedupe = prepared<Pick<AppendRow, 'id' | 'dedupeUntil'>, { seq: number }>((db, row) => {
  const insert = db
    .insertInto('event_dedupe')
    .values({ id: row.id, expires_at: row.dedupeUntil })
    .onConflict((conflict) => conflict.column('id').doNothing());
  // SQLite tells the position by itself, and RETURNING would cost it three times as much as the insert.
  return tellsInsertId(db) ? insert : insert.returning('seq');
});

/** The position that an id was given, or undefined if it was known. */
const positionOf = ({ rows, insertId, numAffectedRows }: QueryResult<{ seq: number }>): number | undefined =>
  rows[0]?.seq ?? (numAffectedRows === 1n && insertId !== undefined ? Number(insertId) : undefined);
const findDuplicate = prepared<Pick<AppendRow, 'id'>, { seq: number }>((db, { id }) =>
  db.selectFrom('event_dedupe').select('seq').where('id', '=', id),
);
const insertEvent = prepared<AppendRow & { seq: number }, unknown>((db, row) =>
  db.insertInto('events').values({
    seq: row.seq,
    id: row.id,
    type: row.type,
    session: row.session,
    chat_id: row.chatId,
    chat_kind: row.chatKind,
    sender_keys: row.senderKeys,
    from_me: row.fromMe,
    occurred_at: row.occurredAt,
    recorded_at: row.recordedAt,
    lane: row.lane,
  }),
);
const insertPayload = prepared<{ seq: number; body: string }, unknown>((db, { seq, body }) =>
  db.insertInto('event_payloads').values({ seq, state: 'present', body }),
);

/** Stores an event, or finds that it is stored: then nothing else of the unit is carried out. */
export const appendEvent = defineOperation(
  'events.append',
  async (transaction, row: AppendRow): Promise<{ seq: number; duplicate: boolean }> => {
    for (const id of row.aliases) {
      const [known] = (await findDuplicate(transaction, { id })).rows;
      if (known) return { seq: known.seq, duplicate: true };
    }
    const seq = positionOf(await insertDedupe(transaction, row));
    if (seq === undefined) {
      const [known] = (await findDuplicate(transaction, row)).rows;
      return { seq: known!.seq, duplicate: true };
    }
    // Both are sent at once where the connection takes more than one statement at a time.
    await Promise.all([insertEvent(transaction, { ...row, seq }), insertPayload(transaction, { seq, body: row.body })]);
    return { seq, duplicate: false };
  },
  (result) => result.duplicate,
);

/** Removes events recorded before a time, oldest first, at most `limit`, and raises the horizon. */
export const removeEvents = defineOperation(
  'events.remove',
  async (
    transaction,
    { recordedBefore, limit }: { recordedBefore: number; limit: number },
  ): Promise<{ removed: number; horizon: number }> => {
    const oldest = await transaction
      .selectFrom('events')
      .select(['seq', 'recorded_at'])
      .orderBy('seq')
      .limit(limit)
      .execute();
    // A prefix of the log, even if the clock was set back in between: what remains has no holes.
    const young = oldest.findIndex((row) => row.recorded_at >= recordedBefore);
    const removed = young === -1 ? oldest.length : young;
    const last = oldest[removed - 1];
    const { horizon } = await transaction.selectFrom('log_meta').select('horizon').executeTakeFirstOrThrow();
    if (!last) return { removed: 0, horizon };
    await transaction.deleteFrom('event_payloads').where('seq', '<=', last.seq).execute();
    await transaction.deleteFrom('events').where('seq', '<=', last.seq).execute();
    await transaction.updateTable('log_meta').set({ horizon: last.seq }).execute();
    return { removed, horizon: last.seq };
  },
);

/**
 * Withholds payloads of events recorded before a time, in log order.
 *
 * @returns where to go on, or null if all that are old enough are done
 */
export const expirePayloads = defineOperation(
  'events.expirePayloads',
  async (
    transaction,
    { recordedBefore, after, limit }: { recordedBefore: number; after: number; limit: number },
  ): Promise<{ expired: number; scannedTo: number | null }> => {
    const rows = await transaction
      .selectFrom('events')
      .select(['seq', 'recorded_at'])
      .where('seq', '>', after)
      .orderBy('seq')
      .limit(limit)
      .execute();
    const young = rows.findIndex((row) => row.recorded_at >= recordedBefore);
    const last = rows[(young === -1 ? rows.length : young) - 1];
    if (!last) return { expired: 0, scannedTo: null };
    const { numUpdatedRows } = await transaction
      .updateTable('event_payloads')
      .set({ state: 'expired', body: null })
      .where('seq', '>', after)
      .where('seq', '<=', last.seq)
      .where('state', '=', 'present')
      .executeTakeFirst();
    return { expired: Number(numUpdatedRows), scannedTo: last.seq };
  },
);

/** Forgets dedupe keys whose time has come, oldest first, at most `limit`; never those of events that still exist. */
export const pruneDedupe = defineOperation(
  'events.pruneDedupe',
  async (transaction, { now, limit }: { now: number; limit: number }): Promise<{ pruned: number }> => {
    const { horizon } = await transaction.selectFrom('log_meta').select('horizon').executeTakeFirstOrThrow();
    const oldest = await transaction
      .selectFrom('event_dedupe')
      .select(['seq', 'expires_at'])
      .where('seq', '<=', horizon)
      .orderBy('seq')
      .limit(limit)
      .execute();
    const valid = oldest.findIndex((row) => row.expires_at > now);
    const pruned = valid === -1 ? oldest.length : valid;
    const last = oldest[pruned - 1];
    if (!last) return { pruned: 0 };
    await transaction.deleteFrom('event_dedupe').where('seq', '<=', last.seq).execute();
    return { pruned };
  },
);

/** Begins another history of the log: cursors of the former one are recognised and refused. */
export const setEpoch = defineOperation(
  'events.setEpoch',
  async (transaction, { epoch }: { epoch: string }): Promise<void> => {
    await transaction.updateTable('log_meta').set({ epoch }).execute();
  },
);

export const eventOperations = [appendEvent, removeEvents, expirePayloads, pruneDedupe, setEpoch] as const;

export type EnvelopeRow = Pick<
  EventsTable,
  'id' | 'type' | 'session' | 'chat_id' | 'chat_kind' | 'sender_keys' | 'from_me' | 'occurred_at' | 'lane'
> & { seq: number };

export type EventRow = EnvelopeRow & Pick<EventPayloadsTable, 'state' | 'body'>;

const ENVELOPE = [
  'events.seq',
  'events.id',
  'events.type',
  'events.session',
  'events.chat_id',
  'events.chat_kind',
  'events.sender_keys',
  'events.from_me',
  'events.occurred_at',
  'events.lane',
] as const;

const rangeAfter = prepared<{ after: number; limit: number }, EnvelopeRow>((db, { after, limit }) =>
  db.selectFrom('events').select(ENVELOPE).where('seq', '>', after).orderBy('seq').limit(limit),
);

/** Envelopes after a position in log order, whatever they are. */
export async function envelopesAfter(
  db: Kysely<Schema>,
  after: number,
  limit: number,
): Promise<readonly EnvelopeRow[]> {
  return (await rangeAfter(db, { after, limit })).rows;
}

/** Envelopes of a lane before a position, newest first; the parts of the filter that SQL can decide are decided. */
export async function laneBefore(
  db: Kysely<Schema>,
  lane: string,
  before: number,
  filter: Filter,
  limit: number,
): Promise<readonly EnvelopeRow[]> {
  let query = db
    .selectFrom('events')
    .select(ENVELOPE)
    .where('lane', '=', lane)
    .where('seq', '<', before)
    .orderBy('seq', 'desc')
    .limit(limit);
  if (filter.types?.length) query = query.where('type', 'in', filter.types);
  if (filter.fromMe !== undefined) query = query.where('from_me', '=', Number(filter.fromMe));
  return query.execute();
}

/** Whole events by position, in ascending order. */
export async function eventsAt(db: Kysely<Schema>, positions: readonly number[]): Promise<readonly EventRow[]> {
  if (positions.length === 0) return [];
  // Filled up to a power of two, so that few variants of the statement are compiled.
  const padded = [...positions];
  while (padded.length & (padded.length - 1)) padded.push(positions[0]!);
  return db
    .selectFrom('events')
    .innerJoin('event_payloads', 'event_payloads.seq', 'events.seq')
    .select([...ENVELOPE, 'event_payloads.state', 'event_payloads.body'])
    .where('events.seq', 'in', padded)
    .orderBy('events.seq')
    .execute();
}

const horizonRow = prepared<object, { horizon: number }>((db) => db.selectFrom('log_meta').select('horizon'));

/** Up to where retention has removed events. */
export async function horizonOf(db: Kysely<Schema>): Promise<number> {
  return (await horizonRow(db, {})).rows[0]!.horizon;
}

/** Epoch and horizon, and the newest position ever given out (retention may have removed the event). */
export async function logState(db: Kysely<Schema>): Promise<{ epoch: string; horizon: number; head: number }> {
  const meta = await db.selectFrom('log_meta').select(['epoch', 'horizon']).executeTakeFirstOrThrow();
  const newest = await db
    .selectFrom('events')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return { ...meta, head: Math.max(newest?.seq ?? 0, meta.horizon) };
}

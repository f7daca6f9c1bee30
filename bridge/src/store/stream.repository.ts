/** SQL of the stream: durable subscriptions and their positions. */
import type { Kysely, Selectable, Transaction } from 'kysely';
import type { Filter } from '../contract/filter.ts';
import type { Seq, SubscriptionName } from '../contract/ids.ts';
import { defineOperation } from './operation.ts';
import { prepared } from './prepared.ts';
import type { Schema } from './schema.ts';
import { upsertPosition, type StoredPosition } from './stream-rows.ts';
import type { SubscriptionsTable } from './stream.tables.ts';

/** What a subscription reads, and from where. */
export interface SubscriptionStart {
  readonly filter: Filter;
  readonly effectiveFilter: Filter;
  readonly epoch: string;
  readonly floor: Seq;
  readonly since: Seq;
}

export interface StoredSubscription extends SubscriptionStart {
  readonly id: number;
  readonly name: SubscriptionName;
  readonly takeovers: number;
  readonly pausedAt: number | null;
  readonly createdAt: number;
  readonly lastUsedAt: number;
}

/** Progress of one subscription. */
export interface SubscriptionProgress {
  readonly id: number;
  /** The new floor, or null if it did not move. */
  readonly floor: Seq | null;
  readonly changed: readonly StoredPosition[];
  readonly removed: readonly Seq[];
}

const subscriptionExists = prepared<{ id: number }, { id: number }>((db, { id }) =>
  db.selectFrom('subscriptions').select('id').where('id', '=', id),
);
const deletePosition = prepared<{ id: number; seq: number }, unknown>((db, { id, seq }) =>
  db.deleteFrom('stream_positions').where('subscription_id', '=', id).where('seq', '=', seq),
);
const deleteAcknowledged = prepared<{ id: number; floor: number }, unknown>((db, { id, floor }) =>
  db
    .deleteFrom('stream_positions')
    .where('subscription_id', '=', id)
    .where('seq', '<=', floor)
    .where('state', '=', 'acked'),
);
const setFloor = prepared<{ id: number; floor: number }, unknown>((db, { id, floor }) =>
  db.updateTable('subscriptions').set({ floor }).where('id', '=', id),
);

/** Writes down the progress of several subscriptions; those that were deleted meanwhile are passed over. */
export const saveProgress = defineOperation(
  'stream.saveProgress',
  async (transaction, { entries }: { entries: readonly SubscriptionProgress[] }): Promise<void> => {
    for (const { id, floor, changed, removed } of entries) {
      const { rows } = await subscriptionExists(transaction, { id });
      if (rows.length === 0) continue;
      for (const position of changed) await upsertPosition(transaction, { ...position, id });
      for (const seq of removed) await deletePosition(transaction, { id, seq });
      if (floor === null) continue;
      await setFloor(transaction, { id, floor });
      await deleteAcknowledged(transaction, { id, floor });
    }
  },
);

const startColumns = (start: SubscriptionStart) => ({
  filter: JSON.stringify(start.filter),
  effective_filter: JSON.stringify(start.effectiveFilter),
  epoch: start.epoch,
  floor: start.floor,
  since: start.since,
});

export const createSubscription = defineOperation(
  'stream.createSubscription',
  async (
    transaction,
    { name, now, ...start }: SubscriptionStart & { name: SubscriptionName; now: number },
  ): Promise<{ id: number }> => {
    return transaction
      .insertInto('subscriptions')
      .values({ name, ...startColumns(start), takeovers: 0, created_at: now, last_used_at: now })
      .returning('id')
      .executeTakeFirstOrThrow();
  },
);

/** Begins again from another position: what was known of positions is forgotten. */
export const repositionSubscription = defineOperation(
  'stream.reposition',
  async (transaction, { id, ...start }: SubscriptionStart & { id: number }): Promise<void> => {
    await transaction.updateTable('subscriptions').set(startColumns(start)).where('id', '=', id).execute();
    await transaction.deleteFrom('stream_positions').where('subscription_id', '=', id).execute();
  },
);

/** Goes on with another filter from a position; what the former filter left open up to there is carried on. */
export const changeFilter = defineOperation(
  'stream.changeFilter',
  async (
    transaction,
    { id, carried, ...start }: SubscriptionStart & { id: number; carried: readonly StoredPosition[] },
  ): Promise<void> => {
    await transaction.updateTable('subscriptions').set(startColumns(start)).where('id', '=', id).execute();
    await transaction.deleteFrom('stream_positions').where('subscription_id', '=', id).execute();
    for (const position of carried) await upsertPosition(transaction, { ...position, id });
  },
);

/** Its reader was told which history it reads and, where it was paused, what it does not get. */
export const adoptEpoch = defineOperation(
  'stream.adoptEpoch',
  async (transaction, { id, epoch }: { id: number; epoch: string }): Promise<void> => {
    await transaction.updateTable('subscriptions').set({ epoch, paused_at: null }).where('id', '=', id).execute();
  },
);

export const touchSubscriptions = defineOperation(
  'stream.touch',
  async (transaction, { ids, now }: { ids: readonly number[]; now: number }): Promise<void> => {
    for (const id of ids) {
      await transaction.updateTable('subscriptions').set({ last_used_at: now }).where('id', '=', id).execute();
    }
  },
);

export const pauseSubscription = defineOperation(
  'stream.pause',
  async (transaction, { id, now }: { id: number; now: number }): Promise<void> => {
    await transaction.updateTable('subscriptions').set({ paused_at: now }).where('id', '=', id).execute();
  },
);

export const countTakeover = defineOperation(
  'stream.countTakeover',
  async (transaction, { id }: { id: number }): Promise<void> => {
    await transaction
      .updateTable('subscriptions')
      .set((eb) => ({ takeovers: eb('takeovers', '+', 1) }))
      .where('id', '=', id)
      .execute();
  },
);

/** Removes a subscription with its positions; its dead letters stay. */
export const removeSubscription = defineOperation(
  'stream.removeSubscription',
  async (transaction, { name }: { name: SubscriptionName }): Promise<{ removed: boolean }> => {
    const { numDeletedRows } = await transaction
      .deleteFrom('subscriptions')
      .where('name', '=', name)
      .executeTakeFirstOrThrow();
    return { removed: numDeletedRows > 0n };
  },
);

export const streamOperations = [
  saveProgress,
  createSubscription,
  repositionSubscription,
  changeFilter,
  adoptEpoch,
  touchSubscriptions,
  pauseSubscription,
  countTakeover,
  removeSubscription,
] as const;

type Reader = Kysely<Schema> | Transaction<Schema>;

/** All durable subscriptions, by name. */
export async function allSubscriptions(db: Reader): Promise<readonly StoredSubscription[]> {
  return (await db.selectFrom('subscriptions').selectAll().orderBy('name').execute()).map(toSubscription);
}

export async function subscriptionNamed(db: Reader, name: SubscriptionName): Promise<StoredSubscription | null> {
  const row = await db.selectFrom('subscriptions').selectAll().where('name', '=', name).executeTakeFirst();
  return row ? toSubscription(row) : null;
}

/** What is known of a subscription's positions, ascending. */
export async function positionsOf(db: Reader, id: number): Promise<readonly StoredPosition[]> {
  const rows = await db
    .selectFrom('stream_positions')
    .selectAll()
    .where('subscription_id', '=', id)
    .orderBy('seq')
    .execute();
  return rows.map((row) => ({
    seq: row.seq as Seq,
    lane: row.lane,
    state: row.state,
    attempts: row.attempts,
    refusals: row.refusals,
    losses: row.losses,
    previous: row.previous as Seq | null,
    notBefore: row.not_before,
  }));
}

/** Lanes in which a subscription has events that are not acknowledged, as far as they were written down. */
export async function openLanesOf(db: Reader, name: SubscriptionName): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('stream_positions')
    .innerJoin('subscriptions', 'subscriptions.id', 'stream_positions.subscription_id')
    .select('lane')
    .distinct()
    .where('name', '=', name)
    .where('state', '!=', 'acked')
    .execute();
  return rows.map(({ lane }) => lane);
}

/** Subscriptions that have attempts in flight, according to the table. */
export async function subscriptionsInFlight(db: Reader): Promise<readonly number[]> {
  const rows = await db
    .selectFrom('stream_positions')
    .select('subscription_id')
    .distinct()
    .where('state', '=', 'sent')
    .execute();
  return rows.map((row) => row.subscription_id);
}

function toSubscription(row: Selectable<SubscriptionsTable>): StoredSubscription {
  return {
    id: row.id,
    name: row.name as SubscriptionName,
    filter: JSON.parse(row.filter) as Filter,
    effectiveFilter: JSON.parse(row.effective_filter) as Filter,
    epoch: row.epoch,
    floor: row.floor as Seq,
    since: row.since as Seq,
    takeovers: row.takeovers,
    pausedAt: row.paused_at,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
  };
}

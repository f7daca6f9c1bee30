/** Tables of the stream. Times ending in `_at` are milliseconds since the epoch. */
import type { Generated } from 'kysely';

/** A durable subscription. Its position is the floor plus the rows of `stream_positions`. */
export interface SubscriptionsTable {
  id: Generated<number>;
  name: string;
  /** What the client asked for (JSON). */
  filter: string;
  /** What is evaluated (JSON): the filter within the sessions that the key allows. */
  effective_filter: string;
  /** History of the log that the positions belong to. */
  epoch: string;
  /** Everything up to here is done, except for rows that say otherwise. */
  floor: number;
  /** Where the subscription, or its present filter, began. */
  since: number;
  takeovers: number;
  /** Since when it gathers nothing, because nobody reads it; null while it does. */
  paused_at: number | null;
  created_at: number;
  last_used_at: number;
}

/** Positions of a subscription that were attempted, acknowledged out of order, or put back. */
export interface StreamPositionsTable {
  subscription_id: number;
  seq: number;
  lane: string;
  state: 'waiting' | 'sent' | 'unanswered' | 'refused' | 'acked';
  attempts: number;
  refusals: number;
  losses: number;
  previous: number | null;
  /** Milliseconds since the epoch, 0 for at once. */
  not_before: number;
}

/** Deliveries that were given up, kept until someone redrives or discards them; they outlive their subscription. */
export interface StreamDeadLettersTable {
  id: string;
  subscription: string;
  seq: number;
  lane: string;
  previous: number | null;
  event_id: string;
  event_type: string;
  session: string | null;
  reason: string;
  attempts: number;
  created_at: number;
}

export interface StreamTables {
  subscriptions: SubscriptionsTable;
  stream_positions: StreamPositionsTable;
  stream_dead_letters: StreamDeadLettersTable;
}

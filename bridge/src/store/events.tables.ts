/** Tables of the event log. Times ending in `_at` are milliseconds since the epoch unless they say ISO. */
import type { Generated } from 'kysely';

/** The envelope: never changed, removed only by retention. */
export interface EventsTable {
  seq: number;
  id: string;
  type: string;
  session: string | null;
  chat_id: string | null;
  chat_kind: string | null;
  /** JSON array of every known form of the sender. */
  sender_keys: string;
  from_me: number | null;
  /** ISO 8601, as reported by WhatsApp. */
  occurred_at: string;
  recorded_at: number;
  lane: string;
}

/** What an event says. `body` (JSON of chat, sender and data) is null unless `state` is `present`: a tombstone. */
export interface EventPayloadsTable {
  seq: number;
  state: 'present' | 'expired' | 'erased';
  body: string | null;
}

/**
 * Ids that were recorded; outlives the events, or a late catch-up would insert them again. Gives out the positions:
 * whether an event is new and where it goes is one insert.
 */
export interface EventDedupeTable {
  seq: Generated<number>;
  id: string;
  expires_at: number;
}

/** One row: the log's epoch and the position up to which retention has removed events. */
export interface LogMetaTable {
  one: number;
  epoch: string;
  horizon: number;
}

export interface EventsTables {
  events: EventsTable;
  event_payloads: EventPayloadsTable;
  event_dedupe: EventDedupeTable;
  log_meta: LogMetaTable;
}

/**
 * The event log: the durable, ordered record of everything that happened. `seq` is global, increasing and not gapless.
 * The recorder alone appends. Every implementation passes `test/conformance/event-log.suite.ts`.
 */
import type { Envelope, Filter } from '../contract/filter.ts';
import type { NewEvent, WaEvent } from '../contract/events.ts';
import type { EventId, Seq } from '../contract/ids.ts';
import type { Call } from '../store/operation.ts';

export interface Appended {
  readonly id: EventId;
  /** Position of the event; of the first recording where `duplicate`. */
  readonly seq: Seq;
  /** True if the same fact was recorded before: nothing was stored and the effects were not carried out. */
  readonly duplicate: boolean;
}

export interface Scan {
  /** Envelopes of matching events in log order, at most `limit`. */
  readonly matches: readonly Envelope[];
  /** The filter was evaluated up to here; continue with `after: scannedTo`. */
  readonly scannedTo: Seq;
}

export interface EventLog {
  /** Random name of this log's history; a restored backup has another, so that a foreign cursor is recognised. */
  readonly epoch: string;
  /** Position of the newest committed event, 0 for an empty log. */
  readonly head: Seq;
  /** Position below which events have been removed by retention, 0 if none was. */
  readonly horizon: Seq;
  /**
   * Stores one event and carries out the effects in the same transaction. Dedupe is by `event.id` and its
   * aliases, and durable.
   * Resolves after the commit.
   */
  append(event: NewEvent, effects?: readonly Call<unknown>[]): Promise<Appended>;
  /**
   * Matching envelopes after a position. Looks at no more than a bounded number of rows per call. Where retention has
   * removed events behind `after`, `horizon` says so once this has resolved.
   */
  scan(after: Seq, filter: Filter, limit: number): Promise<Scan>;
  /** Whole events by position, in that order; positions that retention removed are left out. */
  read(positions: readonly Seq[]): Promise<readonly WaEvent[]>;
  /** Position of the nearest matching event before `before` in a lane, or null. */
  previousInLane(lane: string, before: Seq, filter: Filter): Promise<Seq | null>;
  /** Calls back after each commit that grew the log. Returns the function that ends it. */
  onGrowth(listener: (head: Seq) => void): () => void;
}

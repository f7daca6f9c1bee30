/** Where a subscription starts or continues, and whether the client has to be told that something is missing. Pure. */
import type { SubscribeFrame } from '../contract/frames.ts';
import type { Seq } from '../contract/ids.ts';
import { decodeCursor, type Cursor } from './cursor.ts';

export interface LogBounds {
  readonly epoch: string;
  /** Position of the newest event. */
  readonly head: Seq;
  /** Retention has removed the events up to here. */
  readonly horizon: Seq;
}

export interface Reset<Reason = 'expired' | 'epoch' | 'future'> {
  readonly reason: Reason;
  /** Upper bound of the events that are not delivered any more. */
  readonly lost: number;
}

/** Adds events that are not delivered any more to what a reader is told of. */
export function withLost<Reason>(reset: Reset<Reason> | null, lost: number): Reset<Reason | 'expired'> | null {
  if (lost === 0) return reset;
  return reset === null ? { reason: 'expired', lost } : { ...reset, lost: reset.lost + lost };
}

export interface StartPosition {
  /** Delivery goes on after this position. */
  readonly floor: Seq;
  readonly reset: Reset | null;
}

/**
 * @param from what the client asked for
 * @param kept position of the durable subscription that exists, else null
 * @throws WabError WAB_CURSOR_INVALID
 */
export function startPosition(from: SubscribeFrame['from'], kept: Cursor | null, log: LogBounds): StartPosition {
  if (from === 'latest' || (from === 'resume' && kept === null)) return { floor: log.head, reset: null };
  if (from === 'earliest') return { floor: log.horizon, reset: null };
  return from === 'resume' ? resume(kept!, log) : honour(decodeCursor(from), log);
}

function honour(cursor: Cursor, log: LogBounds): StartPosition {
  const beyond = Math.max(0, cursor.seq - log.head);
  // What the other history held after this cursor cannot be counted; what the cursor itself proves can.
  if (cursor.epoch !== log.epoch) return { floor: log.horizon, reset: { reason: 'epoch', lost: beyond } };
  if (beyond > 0) return { floor: log.horizon, reset: { reason: 'future', lost: beyond } };
  if (cursor.seq < log.horizon)
    return { floor: log.horizon, reset: { reason: 'expired', lost: log.horizon - cursor.seq } };
  return { floor: cursor.seq, reset: null };
}

/**
 * The bridge's own note of a position was restored together with the log, so it still holds after a restore; that the
 * history is another one is said all the same, since what was recorded after the backup is gone.
 */
function resume(kept: Cursor, log: LogBounds): StartPosition {
  const start = honour({ ...kept, epoch: log.epoch }, log);
  if (kept.epoch === log.epoch) return start;
  return { floor: start.floor, reset: { reason: 'epoch', lost: start.reset?.lost ?? 0 } };
}

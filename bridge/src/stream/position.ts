/** One event of one subscription on its way to being acknowledged. */
import type { Seq } from '../contract/ids.ts';

/**
 * - `waiting`: never attempted
 * - `sent`: attempted, no answer yet
 * - `unanswered`: the last attempt ended without an answer (its connection was lost)
 * - `refused`: the last attempt was refused
 * - `acked`: done
 */
type PositionState = 'waiting' | 'sent' | 'unanswered' | 'refused' | 'acked';

export interface PositionRecord {
  readonly seq: Seq;
  readonly lane: string;
  readonly state: PositionState;
  /** All tries so far, whatever became of them. */
  readonly attempts: number;
  readonly refusals: number;
  /** Attempts that ended in a lost connection. */
  readonly losses: number;
  /** Preceding matching position of the lane; null if there is none. Meaningful once attempted. */
  readonly previous: Seq | null;
  /** Not to be attempted before this time: in the clock's `elapsed`, on disk in milliseconds since the epoch; 0 for at once. */
  readonly notBefore: number;
}

/** A position at work: what changes is mutable, and `previous` may still have to be looked up. */
export type Position = {
  -readonly [Field in keyof Omit<PositionRecord, 'seq' | 'lane' | 'previous'>]: PositionRecord[Field];
} & Pick<PositionRecord, 'seq' | 'lane'> & { previous: Seq | null | undefined };

export const newPosition = (seq: Seq, lane: string, previous: Seq | undefined): Position => ({
  seq,
  lane,
  state: 'waiting',
  attempts: 0,
  refusals: 0,
  losses: 0,
  previous,
  notBefore: 0,
});

export const toPosition = (record: PositionRecord): Position => ({
  ...record,
  previous: record.attempts > 0 ? record.previous : undefined,
});

export const toRecord = (position: Position): PositionRecord => ({ ...position, previous: position.previous ?? null });

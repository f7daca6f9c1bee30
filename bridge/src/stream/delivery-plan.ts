/**
 * The pure core of a subscription: its position in the log, what is in flight, what comes next.
 *
 * Everything up to the floor is done, except for requeued positions: those that were put back explicitly (a dead letter
 * that was redriven, events that a changed filter found still open). Above the floor it holds one entry per matching
 * event that the scan has met, open or acknowledged, and never more of them than its capacity.
 */
import type { Seq } from '../contract/ids.ts';
import { Lanes } from './lanes.ts';
import { newPosition, toPosition, toRecord, type Position, type PositionRecord } from './position.ts';
import { lossBackoff, type RedeliveryPolicy } from './redelivery-policy.ts';

export interface PlanOptions {
  readonly floor: Seq;
  /** What is known of positions beyond the floor. */
  readonly positions: readonly PositionRecord[];
  readonly capacity: number;
  readonly policy: RedeliveryPolicy;
}

/** What must be written down. */
export interface PlanChanges {
  /** The new floor; acknowledged positions up to it need not be kept. Null if it did not move. */
  readonly floor: Seq | null;
  readonly changed: readonly PositionRecord[];
  readonly removed: readonly Seq[];
}

/** What became of a position: it is tried again, or its tries are used up and somebody has to `finish` it. */
export type Outcome = 'ignored' | 'retried' | 'exhausted';

export class DeliveryPlan {
  readonly #capacity: number;
  readonly #policy: RedeliveryPolicy;
  readonly #lanes: Lanes;
  readonly #held = new Map<Seq, Position>();
  /** Matching positions above the floor as the scan met them; those before `#orderStart` are behind the floor. */
  #order: Seq[] = [];
  #orderStart = 0;
  /** Known positions that the scan has not reached, ascending. */
  #unscanned: Seq[];
  readonly #requeued = new Set<Seq>();
  /** Last matching position of the lanes met lately, so that most events need no look-up of their predecessor. */
  readonly #lastOfLane = new Map<string, Seq>();
  readonly #dirty = new Set<Seq>();
  #floor: Seq;
  #writtenFloor: Seq;
  #scannedTo: Seq;
  #isFull = false;

  constructor({ floor, positions, capacity, policy }: PlanOptions) {
    this.#floor = this.#writtenFloor = this.#scannedTo = floor;
    this.#capacity = capacity;
    this.#policy = policy;
    this.#lanes = new Lanes((position) => this.#isExhausted(position));
    const known = positions
      .map(toPosition)
      .filter((position) => position.seq > floor || position.state !== 'acked')
      .sort((one, other) => one.seq - other.seq);
    this.#unscanned = known.map(({ seq }) => seq).filter((seq) => seq > floor);
    for (const position of known) {
      this.#held.set(position.seq, position);
      if (position.state === 'acked') continue;
      if (position.seq <= floor) this.#requeued.add(position.seq);
      this.#lanes.add(position);
    }
  }

  /** Everything up to here is done, except for requeued positions. */
  get floor(): Seq {
    return this.#floor;
  }

  /** The filter was evaluated up to here. */
  get scannedTo(): Seq {
    return this.#scannedTo;
  }

  /** How many positions are held in memory. */
  get held(): number {
    return this.#held.size;
  }

  get inFlight(): number {
    return this.#lanes.inFlight;
  }

  /** True while the scan waits for the floor to move. */
  get isFull(): boolean {
    return this.#isFull;
  }

  get isDirty(): boolean {
    return this.#dirty.size > 0 || this.#floor !== this.#writtenFloor;
  }

  /** When a waiting lane may go on, in milliseconds since the epoch; Infinity if none waits for a time. */
  get nextDue(): number {
    return this.#lanes.nextDue;
  }

  /** Position up to which really everything is done. */
  get acknowledgedTo(): Seq {
    let lowest: number = this.#floor;
    for (const seq of this.#requeued) lowest = Math.min(lowest, seq - 1);
    return lowest as Seq;
  }

  /** The lane of the oldest open position, while that holds up the scan. */
  get blockedBy(): string | null {
    if (!this.#isFull) return null;
    const oldest = this.#order[this.#orderStart] ?? this.#requeued.values().next().value;
    return oldest === undefined ? null : (this.#held.get(oldest)?.lane ?? null);
  }

  /** The oldest position that was attempted and is not done, or null. */
  get oldestAttempted(): Readonly<Position> | null {
    let oldest: Position | null = null;
    for (const position of this.#held.values()) {
      if (position.state === 'acked' || position.attempts === 0) continue;
      if (oldest === null || position.seq < oldest.seq) oldest = position;
    }
    return oldest;
  }

  /** The highest position that was ever attempted or evaluated. */
  get furthestKnown(): Seq {
    return Math.max(this.#scannedTo, this.#unscanned.at(-1) ?? 0) as Seq;
  }

  get(seq: Seq): Readonly<Position> | undefined {
    return this.#held.get(seq);
  }

  /** All positions that are held, as they were when it was called. */
  all(): Readonly<Position>[] {
    return [...this.#held.values()];
  }

  /** Positions that are not acknowledged. */
  *open(): Iterable<Readonly<Position>> {
    for (const position of this.#held.values()) if (position.state !== 'acked') yield position;
  }

  /** Positions whose tries are used up, and that nobody has finished. */
  exhausted(): Readonly<Position>[] {
    return [...this.open()].filter((position) => this.#isExhausted(position));
  }

  /**
   * The scan met a matching event. Positions come in log order.
   *
   * @returns false if there is no room: the scan has to stop before it
   */
  offer(seq: Seq, lane: string): boolean {
    this.evaluatedTo((seq - 1) as Seq);
    const known = this.#held.get(seq);
    // Below a position that is known already there is always room: all of these were held together once.
    if (known === undefined && this.#held.size >= this.#capacity && this.#unscanned.length === 0) {
      this.#isFull = true;
      return false;
    }
    if (known === undefined) {
      const position = newPosition(seq, lane, this.#lastOfLane.get(lane));
      this.#held.set(seq, position);
      this.#lanes.add(position);
    }
    this.#remember(lane, seq);
    this.#pass(seq);
    return true;
  }

  /**
   * The scan met a matching event that is not to be delivered. It is nobody's predecessor.
   *
   * @returns false if there is no room: the scan has to stop before it
   */
  skip(seq: Seq, lane: string): boolean {
    this.evaluatedTo((seq - 1) as Seq);
    if (this.#held.size >= this.#capacity) {
      this.#isFull = true;
      return false;
    }
    this.#held.set(seq, { ...newPosition(seq, lane, undefined), state: 'acked' });
    this.#dirty.add(seq);
    this.#pass(seq);
    return true;
  }

  /** The filter was evaluated up to a position. */
  evaluatedTo(seq: Seq): void {
    if (seq <= this.#scannedTo) return;
    this.#scannedTo = seq;
    // The log does not show these to this filter any more.
    while (this.#unscanned[0] !== undefined && this.#unscanned[0] <= seq) {
      const missed = this.#held.get(this.#unscanned.shift()!);
      if (missed?.state === 'acked') this.#drop(missed.seq);
      else if (missed !== undefined) this.#requeued.add(missed.seq);
    }
    this.#advance();
  }

  /** Takes up to `limit` positions to be attempted now, each of another lane. */
  take(limit: number, now: number): Position[] {
    const taken = this.#lanes.take(limit, now);
    for (const position of taken) {
      position.state = 'sent';
      position.attempts += 1;
      position.notBefore = 0;
      this.#dirty.add(position.seq);
    }
    return taken;
  }

  /** An acknowledgement of any attempt that was made. @returns whether it changed anything */
  acknowledge(seq: Seq, attempt: number): boolean {
    const position = this.#held.get(seq);
    if (position === undefined || position.state === 'acked' || attempt > position.attempts) return false;
    this.finish(seq);
    return true;
  }

  /** A refusal of the latest attempt; one of an earlier attempt says nothing any more. */
  refuse(seq: Seq, attempt: number, notBefore: number): Outcome {
    const position = this.#held.get(seq);
    const isAnswerable = position?.state === 'sent' || position?.state === 'unanswered';
    if (position === undefined || !isAnswerable || attempt !== position.attempts) return 'ignored';
    position.state = 'refused';
    position.refusals += 1;
    return this.#putBack(position, notBefore);
  }

  /** The connection was lost while the position was in flight. */
  markLost(seq: Seq, now: number): Outcome {
    const position = this.#held.get(seq);
    if (position?.state !== 'sent') return 'ignored';
    position.state = 'unanswered';
    position.losses += 1;
    return this.#putBack(position, now + lossBackoff(this.#policy, position.losses));
  }

  /** The attempt ended through no fault of the reader, or never reached it. */
  withdraw(seq: Seq): void {
    const position = this.#held.get(seq);
    if (position?.state !== 'sent') return;
    position.state = 'unanswered';
    this.#putBack(position, 0);
  }

  /** The position is done, whatever the reason. */
  finish(seq: Seq): void {
    const position = this.#held.get(seq);
    if (position === undefined || position.state === 'acked') return;
    position.state = 'acked';
    this.#dirty.add(seq);
    this.#lanes.remove(position);
    if (this.#requeued.delete(seq)) this.#drop(seq);
    this.#advance();
  }

  /** Puts a position that was done back to the front of its lane, with all its tries before it. */
  reopen(record: PositionRecord): void {
    const known = this.#held.get(record.seq);
    if (known !== undefined && known.state !== 'acked') return;
    const position = toPosition(record);
    this.#held.set(position.seq, position);
    if (known === undefined && position.seq <= this.#scannedTo) this.#requeued.add(position.seq);
    if (known === undefined && position.seq > this.#scannedTo) {
      this.#unscanned = [...this.#unscanned, position.seq].sort((one, other) => one - other);
    }
    this.#lanes.add(position);
  }

  /** How many positions up to one are known although the scan has not reached them. */
  knownAheadUpTo(seq: Seq): number {
    const beyond = this.#unscanned.findIndex((known) => known > seq);
    return beyond === -1 ? this.#unscanned.length : beyond;
  }

  /** What has to be written since the last call. */
  changes(): PlanChanges {
    const changed: PositionRecord[] = [];
    const removed: Seq[] = [];
    for (const seq of this.#dirty) {
      const position = this.#held.get(seq);
      if (position === undefined) removed.push(seq);
      else changed.push(toRecord(position));
    }
    const floor = this.#floor === this.#writtenFloor ? null : this.#floor;
    this.#dirty.clear();
    this.#writtenFloor = this.#floor;
    return { floor, changed, removed };
  }

  /** The scan has dealt with a matching position. */
  #pass(seq: Seq): void {
    this.#order.push(seq);
    if (this.#unscanned[0] === seq) this.#unscanned.shift();
    this.evaluatedTo(seq);
  }

  #isExhausted({ refusals, losses, state }: Position): boolean {
    return state !== 'sent' && (refusals >= this.#policy.maxRefusals || losses >= this.#policy.maxLosses);
  }

  #putBack(position: Position, notBefore: number): Outcome {
    position.notBefore = notBefore;
    this.#dirty.add(position.seq);
    this.#lanes.release(position);
    return this.#isExhausted(position) ? 'exhausted' : 'retried';
  }

  #advance(): void {
    for (let seq = this.#order[this.#orderStart]; seq !== undefined; seq = this.#order[this.#orderStart]) {
      const position = this.#held.get(seq);
      if (position !== undefined && position.state !== 'acked') break;
      this.#drop(seq);
      this.#orderStart += 1;
    }
    if (this.#orderStart > 1024 && this.#orderStart * 2 > this.#order.length) {
      this.#order = this.#order.slice(this.#orderStart);
      this.#orderStart = 0;
    }
    const next = this.#order[this.#orderStart];
    this.#floor = (next === undefined ? this.#scannedTo : next - 1) as Seq;
  }

  #drop(seq: Seq): void {
    if (this.#held.delete(seq)) this.#isFull = false;
  }

  /** Bounded like everything here: the lane that was met longest ago is forgotten first. */
  #remember(lane: string, seq: Seq): void {
    this.#lastOfLane.delete(lane);
    this.#lastOfLane.set(lane, seq);
    if (this.#lastOfLane.size <= this.#capacity) return;
    this.#lastOfLane.delete(this.#lastOfLane.keys().next().value!);
  }
}

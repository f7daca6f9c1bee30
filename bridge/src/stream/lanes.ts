/**
 * The lanes of one subscription: which position of which lane may be attempted next. At most one of a lane is in
 * flight, in order of position; lanes take turns. Pure.
 */
import type { Position } from './position.ts';
import { SUSPECT_AFTER_LOSSES } from './redelivery-policy.ts';

interface Lane {
  readonly name: string;
  /** Open positions, ascending. */
  readonly queue: Position[];
  inFlight: Position | null;
}

export class Lanes {
  readonly #isHeld: (position: Position) => boolean;
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose first position may be attempted now, in order of their turn. */
  readonly #ready = new Set<Lane>();
  /** Lanes that wait for a time. */
  readonly #delayed = new Map<Lane, number>();
  #nextDue = Infinity;
  #suspect: Position | null = null;
  #inFlight = 0;

  /** @param isHeld says of a lane's first position that it must not be attempted, and the lane with it */
  constructor(isHeld: (position: Position) => boolean) {
    this.#isHeld = isHeld;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** When the next waiting lane may go on, in milliseconds since the epoch; Infinity if none waits for a time. */
  get nextDue(): number {
    return this.#nextDue;
  }

  add(position: Position): void {
    const lane = this.#lanes.get(position.lane) ?? { name: position.lane, queue: [], inFlight: null };
    this.#lanes.set(lane.name, lane);
    const last = lane.queue.at(-1);
    if (last === undefined || last.seq < position.seq) lane.queue.push(position);
    else
      lane.queue.splice(
        lane.queue.findIndex((other) => other.seq > position.seq),
        0,
        position,
      );
    if (lane.queue[0] === position) this.#place(lane);
  }

  /** Takes up to `limit` positions to be attempted now, each of another lane; they are in flight until released. */
  take(limit: number, now: number): Position[] {
    this.#wake(now);
    const taken: Position[] = [];
    for (const lane of this.#ready) {
      if (taken.length >= limit) break;
      const position = lane.queue[0]!;
      if (position.losses >= SUSPECT_AFTER_LOSSES) {
        if (this.#suspect !== null) continue;
        this.#suspect = position;
      }
      lane.inFlight = position;
      this.#inFlight += 1;
      this.#ready.delete(lane);
      taken.push(position);
    }
    return taken;
  }

  /** The attempt of a position has ended, or its time has changed. */
  release(position: Position): void {
    const lane = this.#lanes.get(position.lane);
    if (lane === undefined) return;
    if (lane.inFlight === position) {
      lane.inFlight = null;
      this.#inFlight -= 1;
    }
    if (this.#suspect === position) this.#suspect = null;
    this.#place(lane);
  }

  /** The position is done. */
  remove(position: Position): void {
    const queue = this.#lanes.get(position.lane)?.queue;
    const index = queue?.indexOf(position) ?? -1;
    if (index === 0) queue!.shift();
    else if (index > 0) queue!.splice(index, 1);
    this.release(position);
  }

  #place(lane: Lane): void {
    this.#ready.delete(lane);
    this.#delayed.delete(lane);
    const first = lane.queue[0];
    if (first === undefined) {
      this.#lanes.delete(lane.name);
      return;
    }
    if (lane.inFlight !== null || this.#isHeld(first)) return;
    if (first.notBefore > 0) {
      this.#delayed.set(lane, first.notBefore);
      this.#nextDue = Math.min(this.#nextDue, first.notBefore);
    } else {
      this.#ready.add(lane);
    }
  }

  #wake(now: number): void {
    if (now < this.#nextDue) return;
    this.#nextDue = Infinity;
    for (const [lane, due] of this.#delayed) {
      if (due <= now) {
        this.#delayed.delete(lane);
        this.#ready.add(lane);
      } else {
        this.#nextDue = Math.min(this.#nextDue, due);
      }
    }
  }
}

/**
 * Waits of positions, between memory and disk. In memory they follow the steady clock of this process, which means
 * nothing to the next one: on disk they are times of day.
 */
import type { Seq } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { PlanChanges } from './delivery-plan.ts';
import type { PositionRecord } from './position.ts';

/** Waits that are remembered; of more than these, the ones written longest ago go by the time of day. */
const REMEMBERED_MAX = 10_000;

interface Wait {
  /** As written, in milliseconds since the epoch. */
  readonly stored: number;
  /** By the steady clock, in milliseconds. */
  readonly steady: number;
}

export class WaitTimes {
  readonly #wall: Clock;
  readonly #steady: Clock;
  /** What this process wrote, by subscription and position: it holds however the time of day is set meanwhile. */
  readonly #written = new Map<string, Wait>();

  /**
   * @param wall the time of day
   * @param steady see `steadyClock`
   */
  constructor(wall: Clock, steady: Clock) {
    this.#wall = wall;
    this.#steady = steady;
  }

  /** The positions as they are written down for the subscription with this row id. */
  toStored(id: number, positions: readonly PositionRecord[]): PositionRecord[] {
    const ahead = this.#wall.now() - this.#steady.now();
    return positions.map((position) => {
      const { seq, state, notBefore: steady } = position;
      if (steady === 0 || state === 'acked') {
        this.#written.delete(keyOf(id, seq));
        return { ...position, notBefore: 0 };
      }
      const stored = steady + ahead;
      this.#remember(keyOf(id, seq), { stored, steady });
      return { ...position, notBefore: stored };
    });
  }

  /** The changes of a subscription's plan as they are written down. */
  toStoredChanges<Changes extends PlanChanges & { readonly id: number }>(changes: Changes): Changes {
    for (const seq of changes.removed) this.#written.delete(keyOf(changes.id, seq));
    return { ...changes, changed: this.toStored(changes.id, changes.changed) };
  }

  /** When a stored position may be attempted, by the steady clock; 0 for at once. */
  toSteady(id: number, { seq, notBefore: stored }: Pick<PositionRecord, 'seq' | 'notBefore'>): number {
    if (stored === 0) return 0;
    const written = this.#written.get(keyOf(id, seq));
    if (written?.stored === stored) return written.steady;
    return stored - this.#wall.now() + this.#steady.now();
  }

  #remember(key: string, wait: Wait): void {
    this.#written.delete(key);
    this.#written.set(key, wait);
    if (this.#written.size > REMEMBERED_MAX) this.#written.delete(this.#written.keys().next().value!);
  }
}

const keyOf = (id: number, seq: Seq): string => `${id}:${seq}`;

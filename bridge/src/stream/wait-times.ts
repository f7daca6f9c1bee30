/**
 * Waits of positions, between memory and disk. In memory they are measured by the time that passes (`elapsed`), which means
 * nothing to the next process: on disk they are times of day.
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
  /** In the clock's `elapsed`, in milliseconds. */
  readonly due: number;
}

export class WaitTimes {
  readonly #clock: Clock;
  /** What this process wrote, by subscription and position: it holds however the time of day is set meanwhile. */
  readonly #written = new Map<string, Wait>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The positions as they are written down for the subscription with this row id. */
  toStored(id: number, positions: readonly PositionRecord[]): PositionRecord[] {
    const ahead = this.#clock.now() - this.#clock.elapsed();
    return positions.map((position) => {
      const { seq, state, notBefore: due } = position;
      if (due === 0 || state === 'acked') {
        this.#written.delete(keyOf(id, seq));
        return { ...position, notBefore: 0 };
      }
      const stored = due + ahead;
      this.#remember(keyOf(id, seq), { stored, due });
      return { ...position, notBefore: stored };
    });
  }

  /** The changes of a subscription's plan as they are written down. */
  toStoredChanges<Changes extends PlanChanges & { readonly id: number }>(changes: Changes): Changes {
    for (const seq of changes.removed) this.#written.delete(keyOf(changes.id, seq));
    return { ...changes, changed: this.toStored(changes.id, changes.changed) };
  }

  /** When a stored position may be attempted, in the clock's `elapsed`; 0 for at once. */
  toElapsed(id: number, { seq, notBefore: stored }: Pick<PositionRecord, 'seq' | 'notBefore'>): number {
    if (stored === 0) return 0;
    const written = this.#written.get(keyOf(id, seq));
    if (written?.stored === stored) return written.due;
    return stored - this.#clock.now() + this.#clock.elapsed();
  }

  #remember(key: string, wait: Wait): void {
    this.#written.delete(key);
    this.#written.set(key, wait);
    if (this.#written.size > REMEMBERED_MAX) this.#written.delete(this.#written.keys().next().value!);
  }
}

const keyOf = (id: number, seq: Seq): string => `${id}:${seq}`;

/**
 * Makes the progress of all durable subscriptions durable, many acknowledgements and attempts per write: while one
 * write is under way, what comes meanwhile is gathered for the next.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Pump } from '../ops/pump.ts';
import type { PlanChanges } from './delivery-plan.ts';

export interface JournalSource {
  /** Row id of the durable subscription. */
  readonly id: number;
  /** What has changed since it was last asked. */
  changes(): PlanChanges;
}

export interface JournalEntry extends PlanChanges {
  readonly id: number;
}

interface Generation {
  readonly sources: Set<JournalSource>;
  readonly written: Promise<void>;
  readonly settle: { resolve(): void; reject(error: unknown): void };
}

export class Journal {
  readonly #write: (entries: readonly JournalEntry[]) => Promise<void>;
  #next: Generation | null = null;
  /** All frames that arrived together, and the attempts they make room for, go into one write. */
  readonly #pump = new Pump(() => this.#writeNext(), nextTurn);

  constructor(write: (entries: readonly JournalEntry[]) => Promise<void>) {
    this.#write = write;
  }

  /** Resolves when all that has changed in the source until now is on disk; rejects if the write failed. */
  commit(source: JournalSource): Promise<void> {
    this.#next ??= newGeneration();
    this.#next.sources.add(source);
    const { written } = this.#next;
    this.#pump.wake();
    return written;
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    await this.#pump.idle();
  }

  async #writeNext(): Promise<void> {
    const generation = this.#next;
    if (generation === null) return;
    this.#next = null;
    const entries = [...generation.sources].map((source) => ({ id: source.id, ...source.changes() }));
    try {
      await this.#write(
        entries.filter(({ floor, changed, removed }) => floor !== null || changed.length + removed.length > 0),
      );
      generation.settle.resolve();
    } catch (error) {
      generation.settle.reject(error);
    }
  }
}

function newGeneration(): Generation {
  let settle!: Generation['settle'];
  const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
  promise.catch(() => undefined); // each caller handles its own
  return { sources: new Set(), written: promise, settle };
}

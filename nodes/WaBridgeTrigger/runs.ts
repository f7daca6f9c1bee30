/**
 * What this n8n process knows about the events of one subscription: which are running, and which were acknowledged.
 * It outlives a trigger, because a workflow that is published again meets the runs of its former version.
 */
import { randomUUID } from 'node:crypto';

/** How the bridge is answered when a run is over. */
export type Answer =
  | { readonly kind: 'acknowledge' }
  | { readonly kind: 'refuse'; readonly reason: string; readonly retryAfterMs: number };

export interface Run {
  /** Who answers when it ends; the newest delivery of the event, since older connections may be gone. */
  reply: (answer: Answer) => void;
  readonly ended: Promise<void>;
}

const REMEMBERED_EVENTS = 5_000;

export class Runs {
  readonly #running = new Map<string, Run>();
  readonly #acknowledged = new Set<string>();
  readonly #listeners = new Set<() => void>();

  get size(): number {
    return this.#running.size;
  }

  get(eventId: string): Run | undefined {
    return this.#running.get(eventId);
  }

  add(eventId: string, run: Run): void {
    this.#running.set(eventId, run);
  }

  remove(eventId: string): void {
    this.#running.delete(eventId);
    for (const listener of this.#listeners) listener();
  }

  isAcknowledged(eventId: string): boolean {
    return this.#acknowledged.has(eventId);
  }

  markAcknowledged(eventId: string): void {
    this.#acknowledged.delete(eventId);
    this.#acknowledged.add(eventId);
    if (this.#acknowledged.size > REMEMBERED_EVENTS) {
      const oldest = this.#acknowledged.values().next();
      if (oldest.done !== true) this.#acknowledged.delete(oldest.value);
    }
  }

  /** Calls back each time a run ended. Returns the function that ends it. */
  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/**
 * Names this n8n process. n8n swallows a second run with a deduplication key that it has seen, also where the first run
 * crashed with n8n, so the key must differ after a restart.
 */
export const BOOT_ID = randomUUID();

const ofSubscription = new Map<string, Runs>();

/** The runs of a durable subscription in this process. */
export function runsOf(subscription: string): Runs {
  const runs = ofSubscription.get(subscription) ?? new Runs();
  ofSubscription.set(subscription, runs);
  return runs;
}

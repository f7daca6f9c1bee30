/**
 * Durable subscriptions that nobody reads: after a while they gather nothing more, and once they were not used for
 * longer than events are kept they are removed. Neither goes unsaid.
 */
import type { NewEvent } from '../contract/events.ts';
import type { SubscriptionName } from '../contract/ids.ts';
import { eventOf } from '../events/event-constructors.ts';
import type { Clock } from '../ops/clock.ts';
import type { KeyedQueue } from '../ops/keyed-queue.ts';
import type { Log } from '../ops/logger.ts';
import { PeriodicJob } from '../ops/periodic-job.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import type { Call } from '../store/operation.ts';
import {
  allSubscriptions,
  pauseSubscription,
  removeSubscription,
  subscriptionNamed,
  touchSubscriptions,
  type StoredSubscription,
} from '../store/stream.repository.ts';

/** Writes an event, and carries out the effects in the same transaction. */
export interface ExpiryRecorder {
  recordEvent(event: NewEvent, effects: readonly Call<unknown>[]): Promise<unknown>;
}

export interface SubscriptionExpiryDependencies {
  readonly database: Database;
  readonly recorder: ExpiryRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly expiryDays: number;
  readonly pauseDays: number;
  readonly locks: KeyedQueue;
  /** What is left alone: whether somebody reads it is known to the process that owns it. */
  readonly ownership: Pick<Ownership<SubscriptionName>, 'owns'>;
  /** Whether a reader is connected. */
  readonly isInUse: (name: SubscriptionName) => boolean;
}

const SWEEP_EVERY_MS = 3_600_000;
const DAY_MS = 86_400_000;

export class SubscriptionExpiry {
  readonly #deps: SubscriptionExpiryDependencies;
  readonly #job: PeriodicJob;
  /** When the next sweep is to come, by the time of day. */
  #due = 0;

  constructor(deps: SubscriptionExpiryDependencies) {
    this.#deps = deps;
    const { clock, log } = deps;
    this.#job = new PeriodicJob({
      run: () => this.#sweepUnlessStoodStill(),
      every: () => {
        this.#due = clock.now() + SWEEP_EVERY_MS;
        return SWEEP_EVERY_MS;
      },
      failed: (error) => log.error({ err: error }, 'the search for unused subscriptions failed'),
      clock,
    });
  }

  start(): void {
    this.#job.start();
  }

  async stop(): Promise<void> {
    await this.#job.stop();
  }

  async sweep(): Promise<void> {
    const { database, recorder, clock, log, expiryDays, locks, isInUse } = this.#deps;
    await this.#pauseUnread();
    const stored = await allSubscriptions(database.reader);
    const used = stored.filter(({ name }) => isInUse(name)).map(({ id }) => id);
    if (used.length > 0) await database.write(touchSubscriptions({ ids: used, now: clock.now() }));
    const lastUse = clock.now() - expiryDays * DAY_MS;
    for (const { name, lastUsedAt } of stored) {
      if (lastUsedAt >= lastUse) continue;
      await locks.run(name, async () => {
        const unused = await this.#unusedSince(name, lastUse);
        if (unused === null) return;
        const lastUsedAt = new Date(unused.lastUsedAt).toISOString();
        const data = { subscription: name, lastUsedAt };
        const event = eventOf(null, { type: 'subscription.expired', at: new Date(clock.now()), data });
        await recorder.recordEvent(event, [removeSubscription({ name })]);
        log.warn({ subscription: name }, 'an unused subscription was removed');
      });
    }
  }

  async #pauseUnread(): Promise<void> {
    const { database, clock, log, pauseDays, locks } = this.#deps;
    const lastUse = clock.now() - pauseDays * DAY_MS;
    for (const { name, lastUsedAt, pausedAt } of await allSubscriptions(database.reader)) {
      if (pausedAt !== null || lastUsedAt >= lastUse) continue;
      await locks.run(name, async () => {
        const unused = await this.#unusedSince(name, lastUse);
        if (unused === null || unused.pausedAt !== null) return;
        await database.write(pauseSubscription({ id: unused.id, now: clock.now() }));
        log.warn({ subscription: name, pauseDays }, 'an unread subscription was paused and collects no more events');
      });
    }
  }

  /**
   * The subscription as it is now, if it is this process's own and nobody has used it since a time: somebody may have
   * while others were looked at.
   */
  async #unusedSince(name: SubscriptionName, lastUse: number): Promise<StoredSubscription | null> {
    const { database, isInUse, ownership } = this.#deps;
    if (isInUse(name) || !ownership.owns(name)) return null;
    const stored = await subscriptionNamed(database.reader, name);
    return stored !== null && stored.lastUsedAt < lastUse ? stored : null;
  }

  /** Readers get one interval to come back after a start, and after a time in which this process stood still. */
  async #sweepUnlessStoodStill(): Promise<void> {
    // The machine was suspended, or its clock was set forward.
    const stoodStill = this.#deps.clock.now() - this.#due > SWEEP_EVERY_MS;
    if (!stoodStill) await this.sweep();
  }
}

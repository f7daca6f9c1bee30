/** Durable subscriptions as an operator sees them, connected or not. */
import type { Clock } from '../ops/clock.ts';
import type { SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Database } from '../store/database.ts';
import { allSubscriptions, type StoredSubscription } from '../store/stream.repository.ts';
import { encodeCursor } from './cursor.ts';
import type { DeliveryPlan } from './delivery-plan.ts';
import type { DurableSubscriptions } from './durable-subscriptions.ts';
import { maskLane } from './lane-name.ts';
import { maySeeAll, reachOfName, type KeyHolder, type Reach } from './reach.ts';
import type { SubscriptionView } from '../contract/views/subscription.ts';
import type { Subscription } from './subscription.ts';
import { countWaiting } from './waiting-count.ts';

interface SubscriptionViewsDependencies {
  readonly events: EventLog;
  readonly database: Database;
  readonly clock: Clock;
  readonly durable: Pick<DurableSubscriptions, 'load'>;
  /** The subscription of the reader that is connected, if any. */
  readonly live: (name: SubscriptionName) => Subscription | undefined;
}

export class SubscriptionViews {
  readonly #deps: SubscriptionViewsDependencies;

  constructor(deps: SubscriptionViewsDependencies) {
    this.#deps = deps;
  }

  /** Those that the key may see all of, by name. */
  async visibleTo(holder: KeyHolder): Promise<readonly SubscriptionView[]> {
    const { reader } = this.#deps.database;
    const views: SubscriptionView[] = [];
    for (const stored of await allSubscriptions(reader)) {
      const reach = await reachOfName(reader, stored.name);
      if (maySeeAll(holder, reach)) views.push(await this.#view(stored, reach));
    }
    return views;
  }

  async #view(stored: StoredSubscription, reach: Reach): Promise<SubscriptionView> {
    const { events, durable, clock } = this.#deps;
    const live = this.#deps.live(stored.name);
    const plan = live?.plan ?? (await durable.load(stored)).plan;
    const filter = live?.filter ?? stored.effectiveFilter;
    // What a paused one has not read is not delivered any more.
    const waiting = stored.pausedAt === null ? await countWaiting(events, plan, filter) : 0;
    return {
      name: stored.name,
      filter,
      sessions: reach,
      connected: live !== undefined,
      cursor: encodeCursor(events.epoch, plan.acknowledgedTo),
      waiting,
      inFlight: plan.inFlight,
      blockedBy: live !== undefined && waiting > plan.inFlight ? laneToShow(plan) : null,
      createdAt: new Date(stored.createdAt).toISOString(),
      lastUsedAt: new Date(live === undefined ? stored.lastUsedAt : clock.now()).toISOString(),
      pausedAt: stored.pausedAt === null ? null : new Date(stored.pausedAt).toISOString(),
      takeovers: stored.takeovers,
    };
  }
}

function laneToShow({ oldestAttempted }: DeliveryPlan): string | null {
  return oldestAttempted === null ? null : maskLane(oldestAttempted.lane);
}

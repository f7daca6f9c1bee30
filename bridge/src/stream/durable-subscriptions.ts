/** Durable subscriptions as they are stored: created, found again, moved, given another filter, expired. */
import type { Principal } from '../auth/keys.ts';
import type { Filter } from '../contract/filter.ts';
import { MAX_RETRY_AFTER_MS, type SubscribeFrame } from '../contract/frames.ts';
import type { Seq, SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import type { Call } from '../store/operation.ts';
import {
  adoptEpoch,
  allSubscriptions,
  changeFilter,
  createSubscription,
  positionsOf,
  repositionSubscription,
  saveProgress,
  subscriptionNamed,
  subscriptionsInFlight,
  touchSubscriptions,
  type StoredSubscription,
} from '../store/stream.repository.ts';
import { DeliveryPlan, type PlanOptions } from './delivery-plan.ts';
import { toRecord, type Position } from './position.ts';
import { effectiveFilter, normalFilter, sameFilter } from './reading-rights.ts';
import { lossBackoff, type RedeliveryPolicy } from './redelivery-policy.ts';
import { scanAhead } from './scan-ahead.ts';
import type { StreamSettings } from './settings.ts';
import { startPosition, withLost, type Reset } from './start-position.ts';
import type { WaitTimes } from './wait-times.ts';
import { mostWaiting } from './waiting-count.ts';

export interface OpenedSubscription {
  readonly id: number;
  /** What is evaluated. */
  readonly filter: Filter;
  readonly since: Seq;
  readonly plan: DeliveryPlan;
  readonly reset: OpeningReset | null;
  /** The write that moves it elsewhere. Only once its reader was told: what it passes over is told again until then. */
  readonly move: Call<void> | null;
}

/** `paused`: nobody read it for so long that it gathered nothing more, and it goes on at the newest event. */
export type OpeningReset = Reset<Reset['reason'] | 'paused'>;

export interface DurableSubscriptionsDependencies {
  readonly events: EventLog;
  readonly database: Database;
  readonly clock: Clock;
  readonly waits: WaitTimes;
  readonly settings: StreamSettings;
  readonly ownership: Pick<Ownership<SubscriptionName>, 'owns'>;
}

/** Keeps a position whose tries are used up. */
type MoveToDeadLetters = (name: SubscriptionName, position: Readonly<Position>) => Promise<void>;

const ENVELOPES_PER_SCAN = 500;

const longestWait = (policy: RedeliveryPolicy, { state, losses }: Pick<Position, 'state' | 'losses'>): number =>
  state === 'refused' ? MAX_RETRY_AFTER_MS : lossBackoff(policy, losses);

export class DurableSubscriptions {
  readonly #deps: DurableSubscriptionsDependencies;

  constructor(deps: DurableSubscriptionsDependencies) {
    this.#deps = deps;
  }

  /**
   * Opens a subscription for a reader who may see all of it. Nobody else may be using it.
   *
   * @throws WabError WAB_CURSOR_INVALID, WAB_SESSION_NOT_ALLOWED
   */
  async open(frame: SubscribeFrame, principal: Principal): Promise<OpenedSubscription> {
    const { events, database } = this.#deps;
    const filter = effectiveFilter(frame.filter, principal);
    const stored = await subscriptionNamed(database.reader, frame.subscription as SubscriptionName);
    const isPaused = frame.from === 'resume' && stored !== null && stored.pausedAt !== null;
    const from = isPaused ? 'latest' : frame.from;
    const { floor, reset } = startPosition(from, stored && { epoch: stored.epoch, seq: stored.floor }, events);
    const start = {
      filter: normalFilter(frame.filter),
      effectiveFilter: filter,
      epoch: events.epoch,
      floor,
      since: floor,
    };
    const paused = isPaused ? ({ reason: 'paused', lost: await this.#missedBy(stored, floor) } as const) : null;
    const fresh = (id: number, move: OpenedSubscription['move']): OpenedSubscription => ({
      id,
      move,
      filter,
      since: floor,
      plan: this.#plan({ floor, positions: [] }),
      reset: paused ?? reset,
    });

    const now = this.#deps.clock.now();
    if (stored === null) {
      const { id } = await database.write(
        createSubscription({ ...start, name: frame.subscription as SubscriptionName, now }),
      );
      return fresh(id, null);
    }
    if (from !== 'resume' || stored.floor > events.head)
      return fresh(stored.id, repositionSubscription({ ...start, id: stored.id }));

    const { plan, lost } = await this.load(stored);
    const missing = reset ? { ...reset, lost } : lost > 0 ? ({ reason: 'expired', lost } as const) : null;
    const resumed = { id: stored.id, filter, since: stored.since, plan, reset: missing, move: null };
    if (sameFilter(stored.effectiveFilter, filter) && sameFilter(stored.filter, start.filter)) return resumed;
    const { lost: passed, ...changed } = await this.#changeFilter(stored, start, plan);
    return { ...resumed, ...changed, reset: withLost(missing, passed) };
  }

  /** Events up to a position that a paused subscription does not deliver any more, at most. */
  async #missedBy(stored: StoredSubscription, upTo: Seq): Promise<number> {
    const { plan, lost } = await this.load(stored);
    return lost + (await mostWaiting(this.#deps.events, plan, stored.effectiveFilter, upTo));
  }

  /** The reader has been told where it is. Submits its write at once, ahead of those of the reader's progress. */
  async confirm({ id, move }: Pick<OpenedSubscription, 'id' | 'move'>): Promise<void> {
    const { events, database, clock } = this.#deps;
    await database.write([
      ...(move === null ? [] : [move]),
      adoptEpoch({ id, epoch: events.epoch }),
      touchSubscriptions({ ids: [id], now: clock.now() }),
    ]);
  }

  /**
   * The plan of a stored subscription. What retention has removed is finished.
   *
   * @returns the plan, with changes that are not written, and how many events were removed at most
   */
  async load(stored: StoredSubscription): Promise<{ plan: DeliveryPlan; lost: number }> {
    const { horizon } = this.#deps.events;
    const plan = await this.#planOf(stored);
    let lost = Math.max(0, horizon - stored.floor);
    for (const { seq, state } of plan.all()) {
      if (seq > horizon) continue;
      if (state === 'acked') lost -= Number(seq > stored.floor);
      else lost += Number(seq <= stored.floor);
      plan.finish(seq);
    }
    plan.evaluatedTo(horizon);
    return { plan, lost };
  }

  /** Counts what a former owner left in flight as lost, in the subscriptions that this process owns. */
  async recover(moveToDeadLetters: MoveToDeadLetters): Promise<void> {
    const { database, ownership } = this.#deps;
    const ids = new Set(await subscriptionsInFlight(database.reader));
    if (ids.size === 0) return;
    for (const stored of await allSubscriptions(database.reader))
      if (ids.has(stored.id) && ownership.owns(stored.name)) await this.#recover(stored, moveToDeadLetters);
  }

  /** The same for one that was gained. Nobody may be using it. */
  async recoverOne(name: SubscriptionName, moveToDeadLetters: MoveToDeadLetters): Promise<void> {
    const stored = await subscriptionNamed(this.#deps.database.reader, name);
    if (stored !== null && this.#deps.ownership.owns(name)) await this.#recover(stored, moveToDeadLetters);
  }

  async #recover(stored: StoredSubscription, moveToDeadLetters: MoveToDeadLetters): Promise<void> {
    const { database, waits } = this.#deps;
    const plan = await this.#planOf(stored);
    for (const position of plan.exhausted()) {
      await moveToDeadLetters(stored.name, position);
      plan.finish(position.seq);
    }
    await database.write(saveProgress({ entries: [waits.toStoredChanges({ id: stored.id, ...plan.changes() })] }));
  }

  /** Attempts that the table has in flight ended without an answer: the process that made them is gone. */
  async #planOf(stored: StoredSubscription): Promise<DeliveryPlan> {
    const { database, clock, waits, settings } = this.#deps;
    const now = clock.elapsed();
    const positions = (await positionsOf(database.reader, stored.id)).map((position) => ({
      ...position,
      // The time of day may have been set since it was written: nobody waits longer than was meant at most.
      notBefore: Math.min(waits.toElapsed(stored.id, position), now + longestWait(settings, position)),
    }));
    const plan = this.#plan({ floor: stored.floor, positions });
    for (const { seq, state } of positions) if (state === 'sent') plan.markLost(seq, clock.elapsed());
    return plan;
  }

  #plan(from: Pick<PlanOptions, 'floor' | 'positions'>): DeliveryPlan {
    const { settings } = this.#deps;
    return new DeliveryPlan({ ...from, capacity: settings.readAheadMax, policy: settings });
  }

  /**
   * The new filter applies from the furthest position on that was ever attempted. What the former one had found up to
   * there and is still open is carried along, so that order holds and nothing that was promised is dropped.
   */
  async #changeFilter(
    stored: StoredSubscription,
    start: Pick<StoredSubscription, 'filter' | 'effectiveFilter' | 'epoch'>,
    plan: DeliveryPlan,
  ): Promise<Pick<OpenedSubscription, 'plan' | 'since'> & { readonly lost: number }> {
    const { events, database, waits } = this.#deps;
    const furthest = plan.furthestKnown;
    let lost = 0;
    scan: while (plan.scannedTo < furthest) {
      const ahead = await scanAhead(events, plan, stored.effectiveFilter, ENVELOPES_PER_SCAN);
      const { matches, scannedTo } = ahead;
      lost += ahead.lost;
      for (const { seq, lane } of matches) if (seq > furthest || !plan.offer(seq, lane)) break scan;
      plan.evaluatedTo(Math.min(scannedTo, furthest) as Seq);
    }
    const carried = [...plan.open()].map(toRecord);
    // Beyond what is gone, which was counted.
    const floor = Math.max(furthest, plan.scannedTo) as Seq;
    const moved = { ...start, id: stored.id, floor, since: floor };
    await database.write(changeFilter({ ...moved, carried: waits.toStored(stored.id, carried) }));
    return { since: floor, plan: this.#plan({ floor, positions: carried }), lost };
  }
}

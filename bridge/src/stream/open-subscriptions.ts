/**
 * The subscriptions that somebody reads now: opened on a connection, taken over by a newer one, left. What they have in
 * common is that one reader at a time uses a durable subscription, and only on the bridge that owns it.
 */
import { WabError } from '../contract/errors.ts';
import { MAX_WINDOW, type SubscribeFrame } from '../contract/frames.ts';
import type { SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { KeyedQueue } from '../ops/keyed-queue.ts';
import type { Log } from '../ops/logger.ts';
import type { Ownership } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import { countTakeover, touchSubscriptions } from '../store/stream.repository.ts';
import { announce, examineBacklog, type Backlog } from './announcement.ts';
import type { ByeReason, Connection, EndedBy } from './connection.ts';
import type { DeadLetters } from './dead-letters.ts';
import { DeliveryPlan } from './delivery-plan.ts';
import type { DurableSubscriptions, OpenedSubscription } from './durable-subscriptions.ts';
import type { Journal } from './journal.ts';
import { requireReach } from './reach.ts';
import { effectiveFilter } from './reading-rights.ts';
import { TAKEOVER_WAIT_MS } from './redelivery-policy.ts';
import type { StreamSettings } from './settings.ts';
import { startPosition } from './start-position.ts';
import { Subscription, type DeliveryOutcome, type ProgressStore } from './subscription.ts';
import { FairScheduler } from './fair-scheduler.ts';

export interface OpenSubscriptionsDependencies {
  readonly events: EventLog;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: StreamSettings;
  readonly ownership: Pick<Ownership<SubscriptionName>, 'owns'>;
  readonly durable: DurableSubscriptions;
  readonly deadLetters: DeadLetters;
  readonly journal: Journal;
  readonly locks: KeyedQueue;
  /** Nothing is opened any more. */
  readonly isStopping: () => boolean;
  readonly count?: ((outcome: DeliveryOutcome) => void) | undefined;
}

interface Reader {
  readonly connection: Connection;
  readonly subscription: Subscription;
}

/** For an ephemeral subscription, which stores nothing. */
const NO_PERSISTENCE: ProgressStore = {
  commit: (source) => Promise.resolve(void source.changes()),
  moveToDeadLetters: () => Promise.resolve(),
  settleLate: () => Promise.resolve(),
};

export class OpenSubscriptions {
  readonly #deps: OpenSubscriptionsDependencies;
  /** Who reads a durable subscription now. */
  readonly #readers = new Map<SubscriptionName, Reader>();
  readonly #ephemeral = new Set<Subscription>();
  readonly #scheduler = new FairScheduler();
  #ended = new Set<Promise<void>>();

  constructor(deps: OpenSubscriptionsDependencies) {
    this.#deps = deps;
  }

  /** The durable subscription, if somebody reads it. */
  reading(name: SubscriptionName): Subscription | undefined {
    return this.#readers.get(name)?.subscription;
  }

  *all(): Iterable<Subscription> {
    for (const { subscription } of this.#readers.values()) yield subscription;
    yield* this.#ephemeral;
  }

  /** @throws WabError as the protocol says of `subscribe` */
  async open(connection: Connection, frame: SubscribeFrame): Promise<void> {
    if (this.#deps.isStopping()) throw new WabError('WAB_SHUTTING_DOWN');
    if (frame.durable) await this.#deps.locks.run(frame.subscription, () => this.#openDurable(connection, frame));
    else await this.#openEphemeral(connection, frame);
  }

  /** A connection has ended, and its subscriptions with it. */
  leave(connection: Connection, how: EndedBy): void {
    for (const subscription of connection.subscriptions) {
      if (subscription.isDurable) void this.#deps.locks.run(subscription.name, () => this.#leave(subscription, how));
      else this.#ephemeral.delete(subscription);
      // Right now, so that nothing is sent into the void; what waits for the lock is the same promise.
      this.#track(subscription.end(how));
    }
  }

  /**
   * Takes a durable subscription from its reader. Nobody else may be using it.
   *
   * @param how what becomes of attempts in flight
   * @returns resolves when its end is written down
   */
  async dismiss(name: SubscriptionName, reason: ByeReason, reconnectAfterMs: number, how: EndedBy): Promise<void> {
    const reader = this.#readers.get(name);
    if (reader === undefined) return;
    this.#readers.delete(name);
    const ended = reader.subscription.end(how);
    reader.connection.dismiss(reader.subscription, reason, reconnectAfterMs);
    await ended;
  }

  /** Resolves when those that have ended are written down. */
  async idle(): Promise<void> {
    await Promise.all(this.#ended);
    await this.#scheduler.idle();
  }

  async #openDurable(connection: Connection, frame: SubscribeFrame): Promise<void> {
    const name = frame.subscription as SubscriptionName;
    // Checked before anybody is superseded.
    effectiveFilter(frame.filter, connection.principal);
    startPosition(frame.from, null, this.#deps.events);
    // Two bridges that deliver it would each do so by what they know alone.
    if (!this.#deps.ownership.owns(name)) throw new WabError('WAB_SUBSCRIPTION_BUSY', { subscription: name });
    await requireReach(this.#deps.database.reader, name, connection.principal);
    if (!connection.isOpen) return;
    const former = this.reading(name);
    if (former !== undefined) {
      if (frame.takeover === false) throw new WabError('WAB_SUBSCRIPTION_BUSY', { subscription: name });
      await this.#supersede(name, former);
    }
    const opened = await this.#deps.durable.open(frame, connection.principal);
    const backlog = await examineBacklog(frame, opened, this.#deps);
    if (!this.#isWanted(connection)) return;
    const subscription = this.#build(connection, frame, { ...opened, ...backlog }, this.#progressStore());
    const hasSkipped = (backlog.skipped?.count ?? 0) > 0;
    if (hasSkipped) {
      // Once told, a reader does not ask for it again.
      if (opened.move !== null) await this.#deps.database.write(opened.move);
      await this.#deps.journal.commit(subscription);
      if (!this.#isWanted(connection)) return;
    }
    this.#readers.set(name, { connection, subscription });
    this.#announce(connection, subscription, backlog, opened.reset);
    await this.#deps.durable.confirm(hasSkipped ? { ...opened, move: null } : opened);
  }

  #isWanted(connection: Connection): boolean {
    return connection.isOpen && !this.#deps.isStopping();
  }

  async #openEphemeral(connection: Connection, frame: SubscribeFrame): Promise<void> {
    const { events, settings } = this.#deps;
    const filter = effectiveFilter(frame.filter, connection.principal);
    const { floor, reset } = startPosition(frame.from, null, events);
    const plan = new DeliveryPlan({ floor, positions: [], capacity: settings.readAheadMax, policy: settings });
    const opened = { id: 0, filter, since: floor, plan, reset, move: null };
    const backlog = await examineBacklog(frame, opened, this.#deps);
    if (!connection.isOpen) return;
    const subscription = this.#build(connection, frame, { ...opened, ...backlog }, NO_PERSISTENCE);
    this.#ephemeral.add(subscription);
    this.#announce(connection, subscription, backlog, opened.reset);
  }

  #build(
    connection: Connection,
    frame: SubscribeFrame,
    { skipped, ...opened }: Omit<OpenedSubscription, 'move'> & Backlog,
    progressStore: ProgressStore,
  ): Subscription {
    const { events, log, count } = this.#deps;
    return new Subscription({
      ...opened,
      skipped: skipped?.beyondFloor ?? new Set(),
      name: frame.subscription as SubscriptionName,
      isDurable: frame.durable,
      window: Math.min(frame.window, MAX_WINDOW),
      principal: connection.principal,
      sink: connection,
      events,
      progressStore,
      scheduler: this.#scheduler,
      clock: this.#deps.clock,
      log,
      count,
    });
  }

  #announce(
    connection: Connection,
    subscription: Subscription,
    backlog: Backlog,
    reset: OpenedSubscription['reset'],
  ): void {
    connection.attach(subscription);
    announce(connection, subscription, backlog, reset, this.#deps);
    subscription.start();
  }

  #progressStore(): ProgressStore {
    return {
      commit: (source) => this.#deps.journal.commit(source),
      moveToDeadLetters: (name, position, refusal) => this.#deps.deadLetters.moveToDeadLetters(name, position, refusal),
      settleLate: (name, acks, holder) => this.#deps.deadLetters.settle(name, acks, holder),
    };
  }

  async #supersede(name: SubscriptionName, { id }: Subscription): Promise<void> {
    this.#deps.log.warn({ subscription: name }, 'a newer connection took a subscription over');
    await this.dismiss(name, 'superseded', TAKEOVER_WAIT_MS, 'lost');
    await this.#deps.database.write(countTakeover({ id }));
  }

  async #leave(subscription: Subscription, how: EndedBy): Promise<void> {
    await subscription.end(how);
    if (this.#readers.get(subscription.name)?.subscription !== subscription) return;
    this.#readers.delete(subscription.name);
    await this.#deps.database
      .write(touchSubscriptions({ ids: [subscription.id], now: this.#deps.clock.now() }))
      .catch((error: unknown) =>
        this.#deps.log.warn({ err: error }, 'the last use of a subscription could not be recorded'),
      );
  }

  #track(ending: Promise<void>): void {
    const followed = ending.finally(() => this.#ended.delete(followed));
    this.#ended.add(followed);
  }
}

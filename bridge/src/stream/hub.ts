/**
 * The stream hub: every connection and every subscription of this bridge. The protocol is described in
 * `bridge/docs/stream-protocol.md`; how one subscription works is in `subscription.ts` and `delivery-plan.ts`.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { monotonicFactory } from 'ulid';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Principal } from '../auth/keys.ts';
import { WabError } from '../contract/errors.ts';
import { MAX_CLIENT_FRAME_BYTES, MAX_WINDOW, STREAM_PROTOCOL, type SubscribeFrame } from '../contract/frames.ts';
import type { DeadLetterId, KeyId, SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import { steadyClock, type Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { Database } from '../store/database.ts';
import {
  countTakeover,
  removeSubscription,
  saveProgress,
  touchSubscriptions,
  type DeadLetterPage,
} from '../store/stream.repository.ts';
import { announce, examineBacklog, type Backlog } from './announcement.ts';
import { Connection, type ConnectionOwner, type EndedBy } from './connection.ts';
import { DeadLetters } from './dead-letters.ts';
import { DeliveryPlan } from './delivery-plan.ts';
import { DurableSubscriptions, type OpenedSubscription } from './durable-subscriptions.ts';
import { Journal } from './journal.ts';
import { NameLocks } from './name-locks.ts';
import { maySeeAll, reachOfName, requireReach, type KeyHolder } from './reach.ts';
import { effectiveFilter } from './reading-rights.ts';
import { TAKEOVER_WAIT_MS } from './redelivery-policy.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import type { StreamSettings } from './settings.ts';
import { startPosition } from './start-position.ts';
import type { DeadLetterView, Stream, StreamRefusal, SubscriptionView } from './stream.ts';
import { Subscription, type DeliveryOutcome, type ProgressStore } from './subscription.ts';
import { SubscriptionExpiry, type ExpiryRecorder } from './subscription-expiry.ts';
import { SubscriptionViews } from './subscription-views.ts';
import { FairScheduler } from './fair-scheduler.ts';
import { WaitTimes } from './wait-times.ts';

export interface StreamHubDependencies {
  readonly events: EventLog;
  readonly database: Database;
  readonly recorder: ExpiryRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: StreamSettings;
  /** Called with the outcome of each delivery, for metrics. */
  readonly count?: (outcome: DeliveryOutcome) => void;
}

/** Figures for metrics and tests. */
export interface StreamStats {
  readonly connections: number;
  readonly subscriptions: number;
  readonly inFlight: number;
  /** Positions held in memory. */
  readonly positionsHeld: number;
  /** Bytes that wait in sockets. */
  readonly buffered: number;
}

interface Reader {
  readonly connection: Connection;
  readonly subscription: Subscription;
}

/** Longer than a request that was verified takes to be accepted, in milliseconds. */
const HANDSHAKE_MS = 30_000;

/** For an ephemeral subscription, which stores nothing. */
const NO_PERSISTENCE: ProgressStore = {
  commit: (source) => Promise.resolve(void source.changes()),
  moveToDeadLetters: () => Promise.resolve(),
  settleLate: () => Promise.resolve(),
};

export class StreamHub implements Stream, ConnectionOwner {
  readonly #deps: StreamHubDependencies;
  /** Waits and heartbeats, which a clock that is set must not touch. */
  readonly #steady: Clock;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
    handleProtocols: (offered) => (offered.has(STREAM_PROTOCOL) ? STREAM_PROTOCOL : false),
  });
  readonly #connections = new Set<Connection>();
  /** Who reads a durable subscription now. */
  readonly #readers = new Map<SubscriptionName, Reader>();
  readonly #ephemeral = new Set<Subscription>();
  /** When the streams of a key were closed, by the steady clock. */
  readonly #closedKeys = new Map<KeyId, number>();
  readonly #scheduler = new FairScheduler();
  readonly #locks = new NameLocks();
  readonly #journal: Journal;
  readonly #durable: DurableSubscriptions;
  readonly #deadLetters: DeadLetters;
  readonly #views: SubscriptionViews;
  readonly #expiry: SubscriptionExpiry;
  readonly #newConnectionId = monotonicFactory();
  #ended = new Set<Promise<void>>();
  #stopListening: () => void = () => undefined;
  #isStopping = false;

  constructor(deps: StreamHubDependencies) {
    this.#deps = deps;
    this.#steady = steadyClock(deps.clock);
    const { database, settings } = deps;
    const waits = new WaitTimes(deps.clock, this.#steady);
    this.#journal = new Journal((entries) =>
      database.write(saveProgress({ entries: entries.map((entry) => waits.toStoredChanges(entry)) })),
    );
    this.#durable = new DurableSubscriptions({ ...deps, steady: this.#steady, waits });
    this.#deadLetters = new DeadLetters({ ...deps, policy: settings });
    this.#views = new SubscriptionViews({
      ...deps,
      durable: this.#durable,
      live: (name) => this.#readers.get(name)?.subscription,
    });
    this.#expiry = new SubscriptionExpiry({
      ...deps,
      expiryDays: settings.expiryDays,
      pauseDays: settings.pauseDays,
      locks: this.#locks,
      isInUse: (name) => this.#readers.has(name),
    });
  }

  /** Counts what a former bridge left in flight as lost, and begins to follow the log. */
  async start(): Promise<void> {
    await this.#durable.recover((name, position) => this.#deadLetters.moveToDeadLetters(name, position));
    this.#stopListening = this.#deps.events.onGrowth(() => {
      for (const { subscription } of this.#readers.values()) subscription.resume();
      for (const subscription of this.#ephemeral) subscription.resume();
    });
    this.#expiry.start();
  }

  /**
   * Sends nothing more, waits a while for answers to what is in flight, and closes every connection.
   *
   * @param drainMs how long to wait for answers, in milliseconds
   */
  async stop(drainMs = this.#deps.settings.drainMs): Promise<void> {
    if (this.#isStopping) return;
    this.#isStopping = true;
    this.#stopListening();
    await this.#expiry.stop();
    const clock = this.#steady;
    const { settings } = this.#deps;
    for (const connection of this.#connections) connection.sayBye('restart', settings.reconnectAfterMs);
    for (const subscription of this.#allSubscriptions()) subscription.drain();
    const deadline = clock.now() + drainMs;
    while (this.stats().inFlight > 0 && clock.now() < deadline) await clock.sleep(Math.min(20, drainMs));
    for (const connection of [...this.#connections]) connection.close('restart');
    await this.#locks.idle();
    await Promise.all(this.#ended);
    await this.#scheduler.idle();
    await this.#journal.idle();
    this.#server.close();
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal): void {
    const refusal = this.refusal(principal);
    if (refusal !== null) return refuseUpgrade(socket, refusal.status, refusal.reason);
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
    if (!offered.includes(STREAM_PROTOCOL))
      return refuseUpgrade(socket, 400, `offer the subprotocol ${STREAM_PROTOCOL}`);
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connected(webSocket, principal));
  }

  /** It may have been at the door then: verified, and not accepted yet. Later, a key that is verified holds again. */
  #wasJustClosed(keyId: KeyId): boolean {
    const closedAt = this.#closedKeys.get(keyId);
    return closedAt !== undefined && this.#steady.now() - closedAt < HANDSHAKE_MS;
  }

  refusal({ keyId }: Principal): StreamRefusal | null {
    const { maxConnections, maxConnectionsPerKey } = this.#deps.settings;
    if (this.#isStopping) return { status: 503, reason: 'the bridge is shutting down' };
    if (this.#connections.size >= maxConnections) return { status: 503, reason: 'too many streams are open' };
    if (this.#connectionsOf(keyId) >= maxConnectionsPerKey)
      return { status: 429, reason: 'this key has too many streams open' };
    return null;
  }

  #connectionsOf(keyId: KeyId): number {
    let count = 0;
    for (const { principal } of this.#connections) if (principal.keyId === keyId) count += 1;
    return count;
  }

  /** Closes the streams of a key that was revoked or has expired. */
  closeKey(keyId: KeyId): void {
    this.#closedKeys.set(keyId, this.#steady.now());
    for (const connection of [...this.#connections]) {
      if (connection.principal.keyId === keyId) connection.end('key_revoked', 0);
    }
  }

  async subscribe(connection: Connection, frame: SubscribeFrame): Promise<void> {
    if (this.#isStopping) throw new WabError('WAB_SHUTTING_DOWN');
    if (frame.durable) await this.#locks.run(frame.subscription, () => this.#openDurable(connection, frame));
    else await this.#openEphemeral(connection, frame);
  }

  ended(connection: Connection, how: EndedBy): void {
    this.#connections.delete(connection);
    for (const subscription of connection.subscriptions) {
      if (subscription.isDurable) void this.#locks.run(subscription.name, () => this.#leave(subscription, how));
      else this.#ephemeral.delete(subscription);
      // Right now, so that nothing is sent into the void; what waits for the lock is the same promise.
      this.#track(subscription.end(how));
    }
  }

  subscriptions(holder: KeyHolder): Promise<readonly SubscriptionView[]> {
    return this.#views.visibleTo(holder);
  }

  deleteSubscription(name: SubscriptionName, holder: KeyHolder): Promise<void> {
    return this.#locks.run(name, async () => {
      // To a key that may not see all of it, it does not exist.
      if (!maySeeAll(holder, await reachOfName(this.#deps.database.reader, name)))
        throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: name });
      const reader = this.#readers.get(name);
      const { removed } = await this.#deps.database.write(removeSubscription({ name }));
      if (!removed) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: name });
      if (reader === undefined) return;
      this.#readers.delete(name);
      reader.connection.dismiss(reader.subscription, 'subscription_deleted', 0);
      await reader.subscription.end('withdrawn');
    });
  }

  deadLetters(holder: KeyHolder, page: DeadLetterPage): Promise<readonly DeadLetterView[]> {
    return this.#deadLetters.list(holder, page);
  }

  async redrive(id: DeadLetterId, holder: KeyHolder): Promise<void> {
    const { subscription: name } = await this.#deadLetters.get(id, holder);
    await this.#locks.run(name, async () => {
      await requireReach(this.#deps.database.reader, name, holder);
      const subscription = this.#readers.get(name)?.subscription;
      // What is written down later must not undo it.
      if (subscription !== undefined) await this.#journal.commit(subscription);
      const position = await this.#deadLetters.redrive(id);
      this.#readers.get(name)?.subscription.redeliver(position);
    });
  }

  async discard(id: DeadLetterId, holder: KeyHolder): Promise<void> {
    const { subscription: name } = await this.#deadLetters.get(id, holder);
    await this.#locks.run(name, async () => {
      await requireReach(this.#deps.database.reader, name, holder);
      await this.#deadLetters.discard(id);
    });
  }

  /** Looks for unused subscriptions now, as happens every hour. */
  sweep(): Promise<void> {
    return this.#expiry.sweep();
  }

  stats(): StreamStats {
    const subscriptions = [...this.#allSubscriptions()];
    const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
    return {
      connections: this.#connections.size,
      subscriptions: subscriptions.length,
      inFlight: sum(subscriptions.map(({ plan }) => plan.inFlight)),
      positionsHeld: sum(subscriptions.map(({ plan }) => plan.held)),
      buffered: sum([...this.#connections].map(({ buffered }) => buffered)),
    };
  }

  #connected(socket: WebSocket, principal: Principal): void {
    const { settings, clock, log } = this.#deps;
    const id = `con_${this.#newConnectionId()}`;
    const connection = new Connection({
      id,
      socket,
      principal,
      owner: this,
      settings,
      clock,
      steady: this.#steady,
      log,
    });
    this.#connections.add(connection);
    connection.start();
    if (this.#wasJustClosed(principal.keyId)) connection.end('key_revoked', 0);
    else if (this.#isStopping) connection.end('restart', settings.reconnectAfterMs);
  }

  async #openDurable(connection: Connection, frame: SubscribeFrame): Promise<void> {
    const name = frame.subscription as SubscriptionName;
    // Checked before anybody is superseded.
    effectiveFilter(frame.filter, connection.principal);
    startPosition(frame.from, null, this.#deps.events);
    await requireReach(this.#deps.database.reader, name, connection.principal);
    if (!connection.isOpen) return;
    const former = this.#readers.get(name);
    if (former !== undefined) {
      if (frame.takeover === false) throw new WabError('WAB_SUBSCRIPTION_BUSY', { subscription: name });
      await this.#supersede(name, former);
    }
    const opened = await this.#durable.open(frame, connection.principal);
    const backlog = await examineBacklog(frame, opened, this.#deps);
    if (!this.#isWanted(connection)) return;
    const subscription = this.#build(connection, frame, { ...opened, ...backlog }, this.#progressStore());
    const hasSkipped = (backlog.skipped?.count ?? 0) > 0;
    if (hasSkipped) {
      // Once told, a reader does not ask for it again.
      if (opened.move !== null) await this.#deps.database.write(opened.move);
      await this.#journal.commit(subscription);
      if (!this.#isWanted(connection)) return;
    }
    this.#readers.set(name, { connection, subscription });
    this.#announce(connection, subscription, backlog, opened.reset);
    await this.#durable.confirm(hasSkipped ? { ...opened, move: null } : opened);
  }

  #isWanted(connection: Connection): boolean {
    return connection.isOpen && !this.#isStopping;
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
      clock: this.#steady,
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
      commit: (source) => this.#journal.commit(source),
      moveToDeadLetters: (name, position, refusal) => this.#deadLetters.moveToDeadLetters(name, position, refusal),
      settleLate: (name, acks, holder) => this.#deadLetters.settle(name, acks, holder),
    };
  }

  async #supersede(name: SubscriptionName, { connection, subscription }: Reader): Promise<void> {
    const { database, log } = this.#deps;
    log.warn({ subscription: name }, 'a newer connection took over a subscription');
    this.#readers.delete(name);
    const ended = subscription.end('lost');
    connection.dismiss(subscription, 'superseded', TAKEOVER_WAIT_MS);
    await ended;
    await database.write(countTakeover({ id: subscription.id }));
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

  *#allSubscriptions(): Iterable<Subscription> {
    for (const { subscription } of this.#readers.values()) yield subscription;
    yield* this.#ephemeral;
  }

  #track(ending: Promise<void>): void {
    const followed = ending.finally(() => this.#ended.delete(followed));
    this.#ended.add(followed);
  }
}

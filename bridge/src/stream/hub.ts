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
import { MAX_CLIENT_FRAME_BYTES, STREAM_PROTOCOL, type SubscribeFrame } from '../contract/frames.ts';
import type { DeadLetterId, KeyId, SubscriptionName } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import { KeyedQueue } from '../ops/keyed-queue.ts';
import type { Log } from '../ops/logger.ts';
import type { Ownership, OwnershipChange } from '../ownership/ownership.ts';
import type { Database } from '../store/database.ts';
import type { DeadLetterPage } from '../store/dead-letters.repository.ts';
import { removeSubscription, saveProgress } from '../store/stream.repository.ts';
import { Connection, type ConnectionOwner, type EndedBy } from './connection.ts';
import { DeadLetters } from './dead-letters.ts';
import { DurableSubscriptions } from './durable-subscriptions.ts';
import { Journal } from './journal.ts';
import { OpenSubscriptions } from './open-subscriptions.ts';
import type { Position } from './position.ts';
import { maySeeAll, reachOfName, requireReach, type KeyHolder } from './reach.ts';
import { refuseUpgrade } from './refuse-upgrade.ts';
import type { StreamSettings } from './settings.ts';
import type { DeadLetterView } from '../contract/views/dead-letter.ts';
import type { SubscriptionView } from '../contract/views/subscription.ts';
import type { Stream, StreamRefusal } from './stream.ts';
import type { DeliveryOutcome } from './subscription.ts';
import { SubscriptionExpiry, type ExpiryRecorder } from './subscription-expiry.ts';
import { SubscriptionViews } from './subscription-views.ts';
import { WaitTimes } from './wait-times.ts';

export interface StreamHubDependencies {
  readonly events: EventLog;
  readonly database: Database;
  readonly recorder: ExpiryRecorder;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: StreamSettings;
  /** Of subscriptions: this process recovers, delivers and expires those that it owns. */
  readonly ownership: Ownership<SubscriptionName>;
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

/** Longer than a request that was verified takes to be accepted, in milliseconds. */
const HANDSHAKE_MS = 30_000;

export class StreamHub implements Stream, ConnectionOwner {
  readonly #deps: StreamHubDependencies;
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_CLIENT_FRAME_BYTES,
    handleProtocols: (offered) => (offered.has(STREAM_PROTOCOL) ? STREAM_PROTOCOL : false),
  });
  readonly #connections = new Set<Connection>();
  /** When the streams of a key were closed, in the clock's `elapsed`. */
  readonly #closedKeys = new Map<KeyId, number>();
  readonly #locks = new KeyedQueue();
  readonly #journal: Journal;
  readonly #durable: DurableSubscriptions;
  readonly #open: OpenSubscriptions;
  readonly #deadLetters: DeadLetters;
  readonly #views: SubscriptionViews;
  readonly #expiry: SubscriptionExpiry;
  readonly #newConnectionId = monotonicFactory();
  #stopListening: readonly (() => void)[] = [];
  #isStopping = false;

  constructor(deps: StreamHubDependencies) {
    this.#deps = deps;
    const { database, settings } = deps;
    const waits = new WaitTimes(deps.clock);
    this.#journal = new Journal((entries) =>
      database.write(saveProgress({ entries: entries.map((entry) => waits.toStoredChanges(entry)) })),
    );
    this.#durable = new DurableSubscriptions({ ...deps, waits });
    this.#deadLetters = new DeadLetters({ ...deps, policy: settings });
    this.#open = new OpenSubscriptions({
      ...deps,
      durable: this.#durable,
      deadLetters: this.#deadLetters,
      journal: this.#journal,
      locks: this.#locks,
      isStopping: () => this.#isStopping,
    });
    const live = (name: SubscriptionName) => this.#open.reading(name);
    this.#views = new SubscriptionViews({ ...deps, durable: this.#durable, live });
    this.#expiry = new SubscriptionExpiry({
      ...deps,
      expiryDays: settings.expiryDays,
      pauseDays: settings.pauseDays,
      locks: this.#locks,
      isInUse: (name) => live(name) !== undefined,
    });
  }

  /** Counts what a former owner left in flight as lost, and begins to follow the log. */
  async start(): Promise<void> {
    const { events, ownership } = this.#deps;
    this.#stopListening = [ownership.onChange((change) => this.#ownerChanged(change))];
    await this.#durable.recover(this.#moveToDeadLetters);
    const stopFollowing = events.onGrowth(() => {
      for (const subscription of this.#open.all()) subscription.resume();
    });
    this.#stopListening = [...this.#stopListening, stopFollowing];
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
    for (const stop of this.#stopListening) stop();
    await this.#expiry.stop();
    const { clock, settings } = this.#deps;
    for (const connection of this.#connections) connection.sayBye('restart', settings.reconnectAfterMs);
    for (const subscription of this.#open.all()) subscription.drain();
    const deadline = clock.elapsed() + drainMs;
    while (this.stats().inFlight > 0 && clock.elapsed() < deadline) await clock.sleep(Math.min(20, drainMs));
    for (const connection of [...this.#connections]) connection.close('restart');
    await this.#locks.idle();
    await this.#open.idle();
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
    return closedAt !== undefined && this.#deps.clock.elapsed() - closedAt < HANDSHAKE_MS;
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
    this.#closedKeys.set(keyId, this.#deps.clock.elapsed());
    for (const connection of [...this.#connections]) {
      if (connection.principal.keyId === keyId) connection.end('key_revoked', 0);
    }
  }

  subscribe(connection: Connection, frame: SubscribeFrame): Promise<void> {
    return this.#open.open(connection, frame);
  }

  ended(connection: Connection, how: EndedBy): void {
    this.#connections.delete(connection);
    this.#open.leave(connection, how);
  }

  subscriptions(holder: KeyHolder): Promise<readonly SubscriptionView[]> {
    return this.#views.visibleTo(holder);
  }

  deleteSubscription(name: SubscriptionName, holder: KeyHolder): Promise<void> {
    return this.#locks.run(name, async () => {
      // To a key that may not see all of it, it does not exist.
      if (!maySeeAll(holder, await reachOfName(this.#deps.database.reader, name)))
        throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: name });
      const { removed } = await this.#deps.database.write(removeSubscription({ name }));
      if (!removed) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: name });
      await this.#open.dismiss(name, 'subscription_deleted', 0, 'withdrawn');
    });
  }

  deadLetters(holder: KeyHolder, page: DeadLetterPage): Promise<readonly DeadLetterView[]> {
    return this.#deadLetters.list(holder, page);
  }

  async redrive(id: DeadLetterId, holder: KeyHolder): Promise<void> {
    const { subscription: name } = await this.#deadLetters.get(id, holder);
    await this.#locks.run(name, async () => {
      await requireReach(this.#deps.database.reader, name, holder);
      const subscription = this.#open.reading(name);
      // What is written down later must not undo it.
      if (subscription !== undefined) await this.#journal.commit(subscription);
      const position = await this.#deadLetters.redrive(id);
      this.#open.reading(name)?.redeliver(position);
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
    const subscriptions = [...this.#open.all()];
    const sum = (figures: readonly number[]): number => figures.reduce((total, figure) => total + figure, 0);
    return {
      connections: this.#connections.size,
      subscriptions: subscriptions.length,
      inFlight: sum(subscriptions.map(({ plan }) => plan.inFlight)),
      positionsHeld: sum(subscriptions.map(({ plan }) => plan.held)),
      buffered: sum([...this.#connections].map(({ buffered }) => buffered)),
    };
  }

  readonly #moveToDeadLetters = (name: SubscriptionName, position: Readonly<Position>): Promise<void> =>
    this.#deadLetters.moveToDeadLetters(name, position);

  /** @returns once nothing is written for the subscription any more, if it was lost */
  #ownerChanged({ name, owned }: OwnershipChange<SubscriptionName>): Promise<void> {
    return this.#locks.run(name, async () => {
      // As at a start. A reader that is here already, after a loss that nobody waited for, is not touched.
      if (owned && this.#open.reading(name) === undefined)
        await this.#durable.recoverOne(name, this.#moveToDeadLetters);
      // Its reader comes back to whatever bridge owns it then.
      if (!owned) await this.#open.dismiss(name, 'restart', this.#deps.settings.reconnectAfterMs, 'withdrawn');
    });
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
      log,
    });
    this.#connections.add(connection);
    connection.start();
    if (this.#wasJustClosed(principal.keyId)) connection.end('key_revoked', 0);
    else if (this.#isStopping) connection.end('restart', settings.reconnectAfterMs);
  }
}

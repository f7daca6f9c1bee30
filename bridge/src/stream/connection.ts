/** One WebSocket: frames in and out, heartbeats, the end. Several subscriptions may share it. */
import type { WebSocket } from 'ws';
import type { Principal } from '../auth/keys.ts';
import { WabError } from '../contract/errors.ts';
import { CLOSE_CODES, MAX_WINDOW, STREAM_PROTOCOL, type BridgeFrame, type SubscribeFrame } from '../contract/frames.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { Timer } from './timer.ts';
import { parseClientFrame } from './client-frame.ts';
import type { StreamSettings } from './settings.ts';
import type { FrameSink } from './frame-sender.ts';
import type { Subscription } from './subscription.ts';

type CloseCode = keyof typeof CLOSE_CODES;
export type ByeReason = (typeof CLOSE_CODES)[CloseCode]['name'];

/** How the deliveries in flight ended: through the reader or its network, or through a decision of the bridge. */
export type EndedBy = 'lost' | 'withdrawn';

export interface ConnectionOwner {
  /** Opens a subscription; what goes wrong is the client's to know. @throws WabError */
  subscribe(connection: Connection, frame: SubscribeFrame): Promise<void>;
  /** Called once, as soon as nothing more can be sent. */
  ended(connection: Connection, how: EndedBy): void;
}

export interface ConnectionOptions {
  readonly id: string;
  readonly socket: WebSocket;
  readonly principal: Principal;
  readonly owner: ConnectionOwner;
  readonly settings: StreamSettings;
  readonly clock: Clock;
  readonly log: Log;
}

/** What was in flight when the connection ended this way did not fail because of its reader. */
const WITHDRAWN: ReadonlySet<ByeReason> = new Set<ByeReason>(['restart', 'key_revoked', 'subscription_deleted']);
const INTERNAL_ERROR = 1011;
/** Time for the closing handshake before the socket is cut, in milliseconds. */
const CLOSE_GRACE_MS = 2_000;
/** Answers to a client that does not read are dropped above this many socket buffers. */
const ANSWER_BUFFERS = 4;

export class Connection implements FrameSink {
  readonly id: string;
  readonly principal: Principal;
  readonly #options: ConnectionOptions;
  readonly #socket: WebSocket;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Names that are being opened. */
  readonly #opening = new Set<string>();
  readonly #life = new AbortController();
  readonly #expiry: Timer;
  /** Heartbeats that were not answered: id and when they were sent. */
  readonly #unanswered = new Map<number, number>();
  #lastPing = 0;
  #wantsRoom = false;
  #isOpen = true;

  constructor(options: ConnectionOptions) {
    this.id = options.id;
    this.principal = options.principal;
    this.#options = options;
    this.#socket = options.socket;
    this.#expiry = new Timer(options.clock, 'now', () => this.#expire());
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  get subscriptions(): Iterable<Subscription> {
    return this.#subscriptions.values();
  }

  start(): void {
    const { settings } = this.#options;
    this.#socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    this.#socket.on('close', () => this.#over('lost'));
    this.#socket.on('error', (error) => this.#options.log.debug({ err: error }, 'stream socket error'));
    this.send({
      type: 'hello',
      protocol: STREAM_PROTOCOL,
      connection: this.id,
      heartbeatMs: settings.heartbeatMs,
      maxWindow: MAX_WINDOW,
    });
    this.#expire();
    void this.#beat();
  }

  hasRoom(): boolean {
    const hasRoom = this.#isOpen && this.#socket.bufferedAmount <= this.#options.settings.socketBufferBytes;
    this.#wantsRoom = !hasRoom;
    return hasRoom;
  }

  /** Bytes that wait for the reader. */
  get buffered(): number {
    return this.#socket.bufferedAmount;
  }

  send(frame: BridgeFrame): void {
    if (!this.#isOpen) return;
    this.#socket.send(JSON.stringify(frame), () => {
      if (this.#wantsRoom && this.hasRoom())
        for (const subscription of this.#subscriptions.values()) subscription.resume();
    });
  }

  attach(subscription: Subscription): void {
    this.#opening.delete(subscription.name);
    this.#subscriptions.set(subscription.name, subscription);
  }

  /** A subscription ends here, while others may go on; without any left the connection is closed. */
  dismiss(subscription: Subscription, reason: ByeReason, reconnectAfterMs: number): void {
    this.#subscriptions.delete(subscription.name);
    if (this.#subscriptions.size + this.#opening.size === 0) this.end(reason, reconnectAfterMs, subscription.name);
    else this.send({ type: 'bye', reason, reconnectAfterMs, subscription: subscription.name });
  }

  /** Says goodbye and closes. */
  end(reason: ByeReason, reconnectAfterMs: number, subscription?: string): void {
    this.sayBye(reason, reconnectAfterMs, subscription);
    this.close(reason);
  }

  /** Closes without a goodbye, or after one that was said before. */
  close(reason: ByeReason): void {
    this.#close(codeOf(reason), reason, WITHDRAWN.has(reason) ? 'withdrawn' : 'lost');
  }

  sayBye(reason: ByeReason, reconnectAfterMs: number, subscription?: string): void {
    this.send({ type: 'bye', reason, reconnectAfterMs, ...(subscription === undefined ? {} : { subscription }) });
  }

  fail(error: unknown): void {
    if (!this.#isOpen) return;
    this.#options.log.error({ err: error, connection: this.id }, 'a stream failed and is being closed');
    this.#close(INTERNAL_ERROR, 'internal error', 'withdrawn');
  }

  #receive(data: Buffer, isBinary: boolean): void {
    if (!this.#isOpen) return;
    try {
      if (isBinary) throw new WabError('WAB_FRAME_INVALID', { reason: 'it is binary; frames are JSON text' });
      this.#handle(parseClientFrame(data.toString('utf8')));
    } catch (error) {
      if (error instanceof WabError) this.#refuseFrame(error);
      else this.fail(error);
    }
  }

  #handle(frame: ReturnType<typeof parseClientFrame>): void {
    switch (frame.type) {
      case 'subscribe':
        void this.#subscribe(frame);
        return;
      case 'ack':
      case 'nack': {
        const subscription = this.#subscriptions.get(frame.subscription);
        // It may have ended here (superseded, deleted) while the answer was on its way.
        if (subscription === undefined)
          this.#tell(
            new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: frame.subscription }),
            frame.subscription,
          );
        else if (frame.type === 'ack') subscription.acknowledge(frame);
        else subscription.refuse(frame);
        return;
      }
      case 'ping':
        if (this.#canAnswer()) this.send({ type: 'pong', id: frame.id });
        return;
      case 'pong':
        for (const id of this.#unanswered.keys()) if (id <= frame.id) this.#unanswered.delete(id);
    }
  }

  async #subscribe(frame: SubscribeFrame): Promise<void> {
    const name = frame.subscription;
    const { settings, owner } = this.#options;
    try {
      if (this.#subscriptions.has(name) || this.#opening.has(name)) {
        throw new WabError('WAB_FRAME_INVALID', {
          reason: 'this connection already has that subscription; close the connection to subscribe again',
        });
      }
      if (this.#subscriptions.size + this.#opening.size >= settings.maxSubscriptionsPerConnection) {
        throw new WabError('WAB_FRAME_INVALID', {
          reason: `a connection can have at most ${settings.maxSubscriptionsPerConnection} subscriptions`,
        });
      }
    } catch (error) {
      return this.#refuseFrame(error as WabError);
    }
    this.#opening.add(name);
    try {
      await owner.subscribe(this, frame);
    } catch (error) {
      if (error instanceof WabError) this.#tell(error, name);
      else this.fail(error);
    } finally {
      this.#opening.delete(name);
    }
  }

  /** An error that the connection survives. */
  #tell(error: WabError, subscription?: string): void {
    if (!this.#canAnswer()) return;
    this.send({
      type: 'error',
      code: error.code,
      message: error.message,
      ...(subscription === undefined ? {} : { subscription }),
    });
  }

  #refuseFrame(error: WabError): void {
    this.#tell(error);
    this.end('protocol_error', 0);
  }

  #canAnswer(): boolean {
    return this.#socket.bufferedAmount <= this.#options.settings.socketBufferBytes * ANSWER_BUFFERS;
  }

  async #beat(): Promise<void> {
    const { clock, settings } = this.#options;
    try {
      for (;;) {
        const due = clock.elapsed() + settings.heartbeatMs;
        await clock.sleep(settings.heartbeatMs, this.#life.signal);
        const late = clock.elapsed() - due;
        // The bridge itself stood still (a suspended machine): answers may be waiting unread.
        if (late > settings.heartbeatMs / 2)
          for (const [id, sent] of this.#unanswered) this.#unanswered.set(id, sent + late);
        const [oldest = Infinity] = this.#unanswered.values();
        if (clock.elapsed() - oldest >= 2 * settings.heartbeatMs) return this.end('slow', settings.reconnectAfterMs);
        this.#ping();
      }
    } catch {
      // The connection has ended.
    }
  }

  #ping(): void {
    const positions: Record<string, string> = {};
    const blocked: Record<string, string> = {};
    for (const subscription of this.#subscriptions.values()) {
      positions[subscription.name] = subscription.evaluatedTo;
      if (subscription.blockedBy !== null) blocked[subscription.name] = subscription.blockedBy;
      subscription.keepUp();
    }
    this.#lastPing += 1;
    this.#unanswered.set(this.#lastPing, this.#options.clock.elapsed());
    this.send({ type: 'ping', id: this.#lastPing, positions, ...(Object.keys(blocked).length > 0 ? { blocked } : {}) });
  }

  #expire(): void {
    const { expiresAt } = this.principal;
    if (expiresAt === null) return;
    const due = Date.parse(expiresAt);
    if (due <= this.#options.clock.now()) this.end('key_revoked', 0);
    else this.#expiry.set(due);
  }

  #close(code: number, reason: string, how: EndedBy): void {
    if (!this.#isOpen) return;
    this.#over(how);
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
    this.#socket.once('close', () => clearTimeout(cut));
  }

  #over(how: EndedBy): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#life.abort();
    this.#expiry.clear();
    this.#options.owner.ended(this, how);
    this.#subscriptions.clear();
  }
}

const codeOf = (reason: ByeReason): number =>
  Number(Object.entries(CLOSE_CODES).find(([, { name }]) => name === reason)![0]);

/** The hub on the real store, behind a real HTTP server, with real `ws` clients. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import type { Principal } from '../../../bridge/src/auth/keys.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type { BridgeFrame, ClientFrame, SubscribeFrame } from '../../../bridge/src/contract/frames.ts';
import type { KeyId, SessionName, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import { ALL_SCOPES, type Scope } from '../../../bridge/src/contract/scopes.ts';
import { eventOf } from '../../../bridge/src/events/event-constructors.ts';
import { DurableEventLog } from '../../../bridge/src/events/durable-event-log.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../bridge/src/ops/logger.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';
import { openDatabase } from '../../../bridge/src/store/open-database.ts';
import { StreamHub } from '../../../bridge/src/stream/hub.ts';
import { DEFAULT_STREAM_SETTINGS, type StreamSettings } from '../../../bridge/src/stream/settings.ts';

export type Frame<T extends BridgeFrame['type']> = Extract<BridgeFrame, { type: T }>;

export const key = (
  changes: Partial<{ keyId: string; scopes: Scope[]; sessions: string[]; expiresAt: string }> = {},
): Principal => ({
  keyId: (changes.keyId ?? 'key1') as KeyId,
  scopes: new Set(changes.scopes ?? ALL_SCOPES),
  sessions: changes.sessions ? new Set(changes.sessions as SessionName[]) : null,
  expiresAt: changes.expiresAt ?? null,
});

const degraded = (session: string, reason: string) =>
  eventOf(session as SessionName, { type: 'session.degraded', at: new Date(), data: { reason } });

export interface HarnessOptions {
  readonly settings?: Partial<StreamSettings>;
  readonly clock?: Clock;
  /** Without it, this process owns every subscription. */
  readonly ownership?: Ownership<SubscriptionName>;
  /** Without it, SQLite. */
  readonly databaseUrl?: string | undefined;
}

export class Harness {
  readonly dataDir: string;
  readonly #options: HarnessOptions;
  readonly #clients = new Set<StreamClient>();
  database!: Database;
  events!: DurableEventLog;
  hub!: StreamHub;
  #server!: Server;
  #count = 0;
  #isOpen = false;
  /** Who the next connection is. */
  principal: Principal = key();

  private constructor(dataDir: string, options: HarnessOptions) {
    this.dataDir = dataDir;
    this.#options = options;
  }

  static async start(options: HarnessOptions = {}): Promise<Harness> {
    return Harness.over(await mkdtemp(join(tmpdir(), 'wabridge-stream-')), options);
  }

  /** On the data that is there. */
  static async over(dataDir: string, options: HarnessOptions = {}): Promise<Harness> {
    const harness = new Harness(dataDir, options);
    await harness.open();
    return harness;
  }

  /** Opens store and hub on the data that is there. */
  async open(): Promise<void> {
    const clock = this.#options.clock ?? systemClock;
    const log = createLogger('silent', 'json');
    this.database = await openDatabase({
      dataDir: this.dataDir,
      databaseUrl: this.#options.databaseUrl,
      log,
      onFatal: (error) => {
        throw error;
      },
    });
    this.events = await DurableEventLog.open({ database: this.database, clock, dedupeMs: 86_400_000 });
    this.hub = new StreamHub({
      events: this.events,
      database: this.database,
      recorder: { recordEvent: (event, effects) => this.events.append(event, effects) },
      clock,
      log,
      ownership: this.#options.ownership ?? new SoleOwner(),
      settings: { ...DEFAULT_STREAM_SETTINGS, drainMs: 0, ...this.#options.settings },
    });
    await this.hub.start();
    this.#isOpen = true;
    this.#server = createServer();
    this.#server.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.hub.accept(request, socket, head, this.principal);
    });
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  /** Ends the bridge as a crash would: nothing that it does from now on reaches the disk. */
  async kill(): Promise<void> {
    this.#isOpen = false;
    this.database.write = () => Promise.reject(new Error('the bridge is dead'));
    for (const client of this.#clients) client.socket.terminate();
    await this.hub.stop(0);
    this.#server.close();
    this.#server.closeAllConnections();
    await this.database.close();
  }

  /** Holds the next writes that contain an operation, before they reach the disk. */
  hold(operation: string): Hold {
    const write = this.database.write.bind(this.database) as (work: unknown) => Promise<unknown>;
    const hold = new Hold();
    this.database.write = ((work: Call<unknown> | readonly Call<unknown>[]) =>
      [work].flat().some((call) => call.operation === operation)
        ? hold.pass(() => write(work))
        : write(work)) as Database['write'];
    return hold;
  }

  async stop(): Promise<void> {
    this.#isOpen = false;
    await this.hub.stop(0);
    for (const client of this.#clients) client.socket.terminate();
    this.#server.close();
    this.#server.closeAllConnections();
    await this.database.close();
  }

  async close(): Promise<void> {
    if (this.#isOpen) await this.stop();
    await rm(this.dataDir, { recursive: true, force: true });
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1/stream`;
  }

  async connect(principal: Principal = key(), protocol = 'wabridge.v1'): Promise<StreamClient> {
    this.principal = principal;
    const client = new StreamClient(new WebSocket(this.url, protocol));
    this.#clients.add(client);
    await client.next('hello');
    return client;
  }

  /** A message in a chat. @returns the position of its event */
  async say(chat: string, text = `message ${this.#count + 1}`, session = 'support'): Promise<number> {
    return (await this.events.append(this.message(chat, text, session))).seq;
  }

  message(chat: string, text: string, session = 'support'): NewEvent {
    this.#count += 1;
    const chatId = `${chat}@c.us`;
    return {
      ...degraded(session, ''),
      type: 'message.received',
      chat: { chatId },
      sender: { chatId },
      data: {
        messageId: `false_${chatId}_${this.#count}`,
        kind: 'text',
        text,
        fromMe: false,
        mentions: [],
        quotedMessageId: null,
      },
    };
  }

  /** Many messages, round robin over the chats. */
  async sayMany(count: number, chats: number): Promise<void> {
    const pending: Promise<unknown>[] = [];
    for (let index = 0; index < count; index++) {
      pending.push(this.events.append(this.message(String(index % chats), `message ${index}`)));
      if (pending.length === 5_000) await Promise.all(pending.splice(0));
    }
    await Promise.all(pending);
  }

  /** An event without a chat and without content. */
  async degrade(session = 'support'): Promise<number> {
    return (await this.events.append(degraded(session, 'test'))).seq;
  }

  /** A fact about the bridge itself: it has no session. */
  async fact(): Promise<number> {
    const data = { subscription: 'gone', lastUsedAt: new Date().toISOString() };
    return (await this.events.append(eventOf(null, { type: 'subscription.expired', at: new Date(), data }))).seq;
  }
}

/** Writes on their way to the disk, held until a test decides about them. */
export class Hold {
  #waiting: { run: () => Promise<unknown>; settle: (result: Promise<unknown>) => void }[] = [];
  #failure: Error | null = null;
  #isOver = false;

  get count(): number {
    return this.#waiting.length;
  }

  pass(run: () => Promise<unknown>): Promise<unknown> {
    if (this.#failure !== null) return Promise.reject(this.#failure);
    if (this.#isOver) return run();
    return new Promise((settle) => this.#waiting.push({ run, settle }));
  }

  /** Lets the first that is held go on, and holds the others. */
  releaseOne(): void {
    const first = this.#waiting.shift();
    first?.settle(first.run());
  }

  /** Lets what is held and what comes later go on. */
  release(): void {
    this.#isOver = true;
    for (const { run, settle } of this.#waiting.splice(0)) settle(run());
  }

  /** Fails what is held and what comes later, as a disk does. */
  fail(error: Error): void {
    this.#failure = error;
    for (const { settle } of this.#waiting.splice(0)) settle(Promise.reject(error));
  }
}

export const subscribeFrame = (changes: Partial<SubscribeFrame> = {}): SubscribeFrame => ({
  type: 'subscribe',
  subscription: 'sub',
  durable: true,
  filter: {},
  from: 'resume',
  window: 5,
  ...changes,
});

/** A client that keeps every frame and answers heartbeats. */
export class StreamClient {
  readonly socket: WebSocket;
  readonly frames: BridgeFrame[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Whether pings are answered. */
  answers = true;
  #onFrame: (() => void)[] = [];
  #isClosed = false;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => {
      const frame = JSON.parse((data as Buffer).toString()) as BridgeFrame;
      if (frame.type === 'ping' && this.answers) this.send({ type: 'pong', id: frame.id });
      this.frames.push(frame);
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#isClosed = true;
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  #wake(): void {
    for (const wake of this.#onFrame.splice(0)) wake();
  }

  send(frame: ClientFrame): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame of a type that was not taken yet, waiting for it. */
  async next<T extends BridgeFrame['type']>(
    type: T,
    fits: (frame: Frame<T>) => boolean = () => true,
  ): Promise<Frame<T>> {
    for (;;) {
      const index = this.frames.findIndex((frame) => frame.type === type && fits(frame as Frame<T>));
      if (index !== -1) return this.frames.splice(index, 1)[0] as Frame<T>;
      if (this.#isClosed) throw new Error(`the connection closed before a frame of type ${type}`);
      await new Promise<void>((resolve) => this.#onFrame.push(resolve));
    }
  }

  async subscribe(changes: Partial<SubscribeFrame> = {}): Promise<Frame<'subscribed'>> {
    const frame = subscribeFrame(changes);
    this.send(frame);
    return this.next('subscribed', ({ subscription }) => subscription === frame.subscription);
  }

  async event(fits?: (frame: Frame<'event'>) => boolean): Promise<Frame<'event'>> {
    return this.next('event', fits);
  }

  ack(...events: Frame<'event'>[]): void {
    for (const { subscription, cursor, attempt } of events)
      this.send({ type: 'ack', subscription, cursors: [cursor], attempt });
  }

  nack(event: Frame<'event'>, retryAfterMs = 0, reason = 'the workflow failed'): void {
    const { subscription, cursor, attempt } = event;
    this.send({ type: 'nack', subscription, cursors: [cursor], attempt, retryAfterMs, reason });
  }

  /** Resolves when the bridge has handled all that was sent before. */
  async settled(): Promise<void> {
    const id = Math.floor(Math.random() * 1e9);
    this.send({ type: 'ping', id });
    await this.next('pong', (frame) => frame.id === id);
  }

  get events(): Frame<'event'>[] {
    return this.frames.filter((frame): frame is Frame<'event'> => frame.type === 'event');
  }

  terminate(): void {
    this.socket.terminate();
  }
}

/** Text of a message event. */
export const textOf = (frame: Frame<'event'>): unknown => frame.event.data?.['text'];
/** Position of an event. */
export const seqOf = (frame: Frame<'event'>): number => frame.event.seq;

/** Resolves once the expectation holds; for what leaves no event behind (a write that nobody waits for). */
export async function eventually(expectation: () => void | Promise<void>, withinMs = 10_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await expectation();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
}

/** The outbox on real parts (SQLite, event log, recorder), with an engine whose network is a scripted object. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Address } from '../../../bridge/src/contract/address.ts';
import type { EventType, WaEvent } from '../../../bridge/src/contract/events.ts';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import type { ChatId, KeyId, OutboxId, Seq, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import type { AnyInput } from '../../../bridge/src/contract/field-checks.ts';
import {
  type EngineOperation,
  type EngineOperationId,
  isOutboxOperation,
  type OutboxOperation,
} from '../../../bridge/src/contract/operations/by-carrier.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';
import type { OutboxMessage, OutboxState } from '../../../bridge/src/contract/views/outbox-message.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineHealth,
  EngineFact,
  PairingCode,
  SendStatus,
} from '../../../bridge/src/engine/engine.ts';
import type { EngineInput, EngineResult, SendReceipt } from '../../../bridge/src/engine/engine-operations.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import { DurableEventLog } from '../../../bridge/src/events/durable-event-log.ts';
import { Recorder } from '../../../bridge/src/events/recorder.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../bridge/src/ops/logger.ts';
import { OutboxIntake } from '../../../bridge/src/outbox/outbox-intake.ts';
import { AccountChanges } from '../../../bridge/src/outbox/account-changes.ts';
import { AttemptRunner } from '../../../bridge/src/outbox/attempt-runner.ts';
import { Dispatcher } from '../../../bridge/src/outbox/dispatcher.ts';
import { InProcessScheduler } from '../../../bridge/src/outbox/in-process-scheduler.ts';
import { OutboxChanges } from '../../../bridge/src/outbox/outbox-changes.ts';
import { OutboxEffects } from '../../../bridge/src/outbox/outbox-effects.ts';
import {
  DEFAULT_MAINTENANCE_OPTIONS,
  OutboxMaintenance,
  type OutboxMaintenanceOptions,
} from '../../../bridge/src/outbox/outbox-maintenance.ts';
import { OutboxTransitions } from '../../../bridge/src/outbox/outbox-transitions.ts';
import { OutboxService } from '../../../bridge/src/outbox/outbox-service.ts';
import type { RetryLimits } from '../../../bridge/src/outbox/retry-policy.ts';
import type { Ownership } from '../../../bridge/src/ownership/ownership.ts';
import { SoleOwner } from '../../../bridge/src/ownership/sole-owner.ts';
import { requireOperation } from '../../../bridge/src/sessions/engine-operations.ts';
import { linkedTo, type SessionAccount } from '../../../bridge/src/sessions/session-account.ts';
import type { Database } from '../../../bridge/src/store/database.ts';
import { OutboxReads } from '../../../bridge/src/store/outbox-reads.repository.ts';
import { openLightDatabase } from './light-database.ts';
import { openDatabase } from '../../../bridge/src/store/sqlite/sqlite-database.ts';

export const SESSION = 'support' as SessionName;
export const KEY = 'keyA' as KeyId;
export const ALICE = '491511111111@c.us' as ChatId;
export const SELF = addressOf('49150000001@c.us' as ChatId);
export const BOB = '491522222222@c.us' as ChatId;
const log = createLogger('silent', 'json');
/** Deadlines of sends that a test leaves hanging must not hold up the end of the test process. */
const testClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }),
};

/** A request as clients write it. */
export type Asked = AnyInput & { readonly type: string };
/** The operation that it means, and its input. */
export function asked({ type, ...input }: Asked): [OutboxOperation, AnyInput] {
  const operation = OPERATIONS.filter(isOutboxOperation).find(({ http }) => http.type === type);
  if (!operation) throw new Error(`no operation has the type ${type}`);
  return [operation, input];
}

export interface NetworkSend {
  readonly messageId: MessageId | null;
  readonly chatId: ChatId;
  readonly text: string;
}
/** What the engine was asked to do. */
interface Performed {
  readonly operation: string;
  readonly input: EngineInput;
}
type SendScript = (
  message: Performed,
  messageId: MessageId | null,
  deliver: () => SendReceipt,
) => Promise<SendReceipt> | SendReceipt;

/** WhatsApp, as far as these tests need it. It outlives the bridge of a test. */
export class Network {
  /** What left, in order, one entry per transmission. */
  readonly sent: NetworkSend[] = [];
  /** Scripts for the next sends; without one a send succeeds. */
  readonly scripts: SendScript[] = [];
  resolve: (chatId: ChatId) => Promise<Address> | Address = (chatId) => addressOf(chatId);
  sendStatus: (messageId: MessageId) => Promise<SendStatus> | SendStatus = (messageId) =>
    this.has(messageId) ? 'sent' : 'absent';
  #ids = 0;

  /** The next send leaves once the returned function is called. */
  holdNext(): () => void {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    this.scripts.push(async (_message, _messageId, deliver) => {
      await held;
      return deliver();
    });
    return release;
  }

  has(messageId: MessageId): boolean {
    return this.sent.some((sent) => sent.messageId === messageId);
  }

  texts(chatId?: ChatId): string[] {
    return this.sent.filter((sent) => chatId === undefined || sent.chatId === chatId).map(({ text }) => text);
  }

  nextId(chatId: ChatId): MessageId {
    return `true_${chatId}_${String(++this.#ids).padStart(6, '0')}` as MessageId;
  }
}

function textOf({ input }: Performed): string {
  const { text, emoji } = input as Readonly<Record<string, string | undefined>>;
  return emoji ?? text ?? '';
}

export const CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  linking: [],
  parallelFiles: false,
  simulated: true,
  operations: ['message.sendText', 'message.sendImage', 'message.sendAudio', 'message.react'],
};

export class NetworkEngine implements Engine {
  readonly name = 'sandbox';
  readonly capabilities: EngineCapabilities;
  readonly #network: Network;

  constructor(network: Network, capabilities: EngineCapabilities) {
    this.#network = network;
    this.capabilities = capabilities;
  }

  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  async logout(): Promise<void> {}

  async resolveChat(chatId: ChatId): Promise<Address> {
    return this.#network.resolve(chatId);
  }

  chooseMessageId(chatId: ChatId): MessageId {
    return this.#network.nextId(chatId);
  }

  async perform<Id extends EngineOperationId>(
    id: Id,
    input: EngineInput<Id>,
    messageId: MessageId | null = null,
  ): Promise<EngineResult<Id>> {
    const message = { operation: id, input };
    const { chatId } = input;
    const deliver = (): SendReceipt => {
      this.#network.sent.push({
        messageId,
        chatId,
        text: textOf(message),
      });
      return { messageId: messageId ?? this.#network.nextId(chatId), sentAt: new Date() };
    };
    const script = this.#network.scripts.shift();
    await Promise.resolve();
    return (script ? script(message, messageId, deliver) : deliver()) as EngineResult<Id>;
  }

  async sendStatusOf(messageId: MessageId): Promise<SendStatus> {
    return this.#network.sendStatus(messageId);
  }

  health(): Promise<EngineHealth> {
    return Promise.resolve({ checks: [] });
  }

  requestPairingCode(): Promise<PairingCode> {
    return Promise.reject(new Error('not here'));
  }

  downloadMedia(): Promise<never> {
    return Promise.reject(new Error('not here'));
  }
}

/** Sessions that a test switches. */
export class TestSessions {
  readonly capabilities: EngineCapabilities;
  readonly #engine: Engine;
  readonly #ready = new Set<SessionName>();
  readonly #known = new Set<SessionName>();
  readonly #listeners = new Set<(name: SessionName) => void>();
  readonly #unlinked = new Set<(name: SessionName) => void>();
  readonly #accounts: Map<SessionName, SessionAccount>;

  /** @param accounts kept over the lives of a bridge, as its database does */
  constructor(engine: Engine, capabilities: EngineCapabilities, accounts: Map<SessionName, SessionAccount>) {
    this.#engine = engine;
    this.#accounts = accounts;
    this.capabilities = capabilities;
    this.#known.add(SESSION);
  }

  readyEngine(name: SessionName): Engine | null {
    return this.#ready.has(name) ? this.#engine : null;
  }

  exists(name: SessionName): boolean {
    return this.#known.has(name);
  }

  self(): Address {
    return SELF;
  }

  account(name: SessionName): SessionAccount {
    return this.#accounts.get(name) ?? { account: null, login: 0 };
  }

  requireOperation(name: SessionName, operation: EngineOperation): void {
    if (!this.#known.has(name)) throw new WabError('WAB_SESSION_NOT_FOUND', { session: name });
    requireOperation({ name, engine: 'sandbox', supports: this.capabilities.operations }, operation);
  }

  onReady(listener: (name: SessionName) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onUnlinked(listener: (name: SessionName) => void): () => void {
    this.#unlinked.add(listener);
    return () => this.#unlinked.delete(listener);
  }

  /** The login has ended, as after a logout or where the page shows a QR code. */
  unlink(name = SESSION): void {
    this.#ready.delete(name);
    const { account, login } = this.account(name);
    this.#accounts.set(name, { account, login: login + 1 });
    for (const listener of this.#unlinked) listener(name);
  }

  /** @param self the account that is linked */
  up(name = SESSION, self: Address = SELF): void {
    this.#known.add(name);
    this.#ready.add(name);
    this.#accounts.set(name, linkedTo(this.account(name), self));
    for (const listener of this.#listeners) listener(name);
  }

  down(name = SESSION): void {
    this.#ready.delete(name);
  }

  forget(name = SESSION): void {
    this.#known.delete(name);
    this.#ready.delete(name);
  }
}

export interface HarnessOptions {
  readonly network?: Network;
  readonly accounts?: Map<SessionName, SessionAccount>;
  /** Instead of the scripted network. */
  readonly engine?: Engine;
  readonly chosenMessageIds?: boolean;
  readonly parallelFiles?: boolean;
  readonly inDoubtPolicy?: 'hold' | 'resend';
  readonly limits?: Partial<RetryLimits>;
  readonly maintenance?: Partial<OutboxMaintenanceOptions>;
  readonly parallelism?: number;
  readonly sendMs?: number;
  readonly questionMs?: number;
  readonly expiryMs?: number;
  readonly clock?: Clock;
  /** Without it, this process owns every session. */
  readonly ownership?: Ownership<SessionName>;
  readonly media?: ConstructorParameters<typeof OutboxIntake>[0]['media'];
  /** With its writer thread and every fsync, for kill tests. */
  readonly durable?: boolean;
  /** Wraps the database, to stop or fail at a point. */
  readonly wrap?: (database: Database) => Database;
}

const NO_MEDIA: NonNullable<HarnessOptions['media']> = {
  info: (mediaId) => Promise.reject(new WabError('WAB_MEDIA_NOT_FOUND', { mediaId })),
  forSend: (mediaId) => Promise.reject(new WabError('WAB_MEDIA_NOT_FOUND', { mediaId })),
};

/** One life of a bridge's outbox over a data folder. */
export async function openOutbox(dataDir: string, options: HarnessOptions = {}) {
  const network = options.network ?? new Network();
  const clock = options.clock ?? testClock;
  const opened = options.durable
    ? await openDatabase({ dataDir, log, onFatal: (error) => void Promise.reject(error) })
    : await openLightDatabase(dataDir);
  const database = options.wrap?.(opened) ?? opened;
  const eventLog = await DurableEventLog.open({ database, clock, dedupeMs: 86_400_000 });
  const { chosenMessageIds = true, parallelFiles = false } = options;
  const capabilities = { ...CAPABILITIES, chosenMessageIds, parallelFiles };
  const engine = options.engine ?? new NetworkEngine(network, capabilities);
  const sessions = new TestSessions(engine, engine.capabilities, options.accounts ?? new Map());
  const reads = new OutboxReads(database.reader);
  const changes = new OutboxChanges();
  const effects = new OutboxEffects(reads, changes, clock);
  const noFiles = { expect: () => ({ operation: 'none', args: null }), onMediaExpected: () => undefined };
  const recorder = new Recorder({
    log: eventLog,
    sources: [effects],
    media: noFiles,
    onMediaExpected: noFiles.onMediaExpected,
  });
  const transitions = new OutboxTransitions(database, recorder, changes, clock);
  const limits = { maxAttempts: 5, maxAgeMs: 3_600_000, ...options.limits };
  const media = options.media ?? NO_MEDIA;
  const attemptRunner = new AttemptRunner(
    { transitions, sessions, media, clock, log, random: () => 0 },
    {
      limits,
      inDoubtPolicy: options.inDoubtPolicy ?? 'hold',
      questionMs: options.questionMs ?? 500,
      sendMs: options.sendMs ?? 2_000,
    },
  );
  const ownership = options.ownership ?? new SoleOwner<SessionName>();
  const scheduler = new InProcessScheduler<SessionName>(clock, log);
  const accounts = new AccountChanges({ reads, transitions, attemptRunner, sessions });
  const dispatcher = new Dispatcher(
    { reads, transitions, attemptRunner, accounts, changes, scheduler, sessions, ownership, clock, log },
    options.parallelism,
  );
  const maintenance = new OutboxMaintenance(
    { database, reads, transitions, sessions, ownership, freed: (session) => changes.freed(session), clock, log },
    { ...DEFAULT_MAINTENANCE_OPTIONS, ...limits, ...options.maintenance },
  );
  const service = new OutboxService({
    intake: new OutboxIntake({ database, reads, sessions, media, clock }, options.expiryMs),
    reads,
    transitions,
    changes,
    sessions,
    clock,
  });

  let keys = 0;
  const accept = async (
    text: string,
    to: ChatId = ALICE,
    session = SESSION,
    expiresInSeconds?: number,
  ): Promise<OutboxMessage> => {
    const expiry = expiresInSeconds === undefined ? {} : { expiresInSeconds };
    const { message } = await service.accept(...asked({ type: 'text', session, to, text, ...expiry }), {
      keyId: KEY,
      idempotencyKey: `${process.hrtime.bigint()}-${++keys}`,
      firstAnswer: false,
    });
    return message;
  };
  /** Resolves when the message is in a state, by the outbox's own notifications. */
  const until = async (id: string, ...states: OutboxState[]): Promise<OutboxMessage> => {
    const read = () => service.get(id as OutboxId);
    const message = await changes.messages.until(
      id as OutboxId,
      read,
      (now) => states.includes(now.state),
      20_000,
      testClock,
    );
    if (!states.includes(message.state))
      throw new Error(`${id} is ${message.state} (${message.error?.message}), not ${states.join(' or ')}`);
    return message;
  };
  /** Resolves when the message is as a test wants it. */
  const untilThat = async (id: string, wanted: (message: OutboxMessage) => boolean): Promise<OutboxMessage> => {
    // Some of what a test waits for, such as an address, changes without the outbox telling those who wait.
    for (const end = Date.now() + 20_000; ;) {
      const read = () => service.get(id as OutboxId);
      const message = await changes.messages.until(id as OutboxId, read, wanted, 50, testClock);
      if (wanted(message)) return message;
      if (Date.now() > end) throw new Error(`${id} did not become as wanted: ${JSON.stringify(message)}`);
    }
  };
  const events = async (...types: EventType[]): Promise<readonly WaEvent[]> => {
    const { matches } = await eventLog.scan(0 as Seq, types.length > 0 ? { types } : {}, 1_000);
    return eventLog.read(matches.map(({ seq }) => seq));
  };
  const report = (fact: EngineFact) => recorder.record(SESSION, fact);
  const close = async (): Promise<void> => {
    await dispatcher.stop(500);
    await maintenance.stop();
    await opened.close();
  };
  return {
    network,
    database,
    eventLog,
    sessions,
    reads,
    transitions,
    attemptRunner,
    dispatcher,
    maintenance,
    service,
    scheduler,
    accept,
    until,
    untilThat,
    events,
    report,
    close,
  };
}
export type OpenOutbox = Awaited<ReturnType<typeof openOutbox>>;

/** A data folder for one test. */
export async function tempFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'wabridge-outbox-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

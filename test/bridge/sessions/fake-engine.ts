/** Parts for tests of the sessions: a clock that is moved by hand, and an engine that does what a test tells it. */
import type { ChatId, SessionName } from '../../../bridge/src/contract/ids.ts';
import type { Address } from '../../../bridge/src/contract/address.ts';
import type { NewEvent } from '../../../bridge/src/contract/events.ts';
import type {
  Engine,
  EngineCapabilities,
  EngineFact,
  EngineFactory,
  EngineHealth,
  EngineIngress,
  EngineListener,
  EngineOptions,
  EngineSettings,
  PairingCode,
} from '../../../bridge/src/engine/engine.ts';
import type { EngineInput, EngineResult } from '../../../bridge/src/engine/engine-operations.ts';
import type { EngineOperationId } from '../../../bridge/src/contract/operations/by-carrier.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';
import type { Clock } from '../../../bridge/src/ops/clock.ts';
import type { Log } from '../../../bridge/src/ops/logger.ts';
import type { SessionRecorder } from '../../../bridge/src/sessions/supervised-session.ts';
import type { Call } from '../../../bridge/src/store/operation.ts';

export const SELF: Address = addressOf('4915550000001@c.us' as ChatId);
export const READY = { kind: 'ready', self: SELF } as const;
export const silent: Log = { debug() {}, info() {}, warn() {}, error() {}, fatal() {}, child: () => silent };

/** Lets everything run that is only waiting for its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

/** What a clock that is moved by hand shows at first, and how much has elapsed: nobody may compare the two. */
const BORN = Date.parse('2026-01-01T00:00:00Z');
const START = 5_000_000;

export class ManualClock implements Clock {
  #elapsed = START;
  #aheadBy = BORN - START;
  readonly #sleepers = new Set<{ readonly at: number; readonly wake: () => void }>();

  now(): number {
    return this.#elapsed + this.#aheadBy;
  }

  elapsed(): number {
    return this.#elapsed;
  }

  /** Somebody sets the clock; durations and waits stay as they are. */
  set(byMs: number): void {
    this.#aheadBy += byMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const sleeper = { at: this.#elapsed + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(sleeper);
        reject(signal.reason as Error);
      });
    });
  }

  /** WhatsApp's clock, which nobody sets. */
  get server(): { readonly seconds: number } {
    const seconds = (): number => (BORN + this.#elapsed - START) / 1000;
    return {
      get seconds() {
        return seconds();
      },
    };
  }

  async pass(ms: number): Promise<void> {
    await settle();
    this.#elapsed += ms;
    for (const sleeper of [...this.#sleepers].filter((each) => each.at <= this.#elapsed)) {
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settle();
  }
}

const FAKE_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: false,
  linking: ['qr', 'pairing_code'],
  parallelFiles: false,
  simulated: true,
  operations: [],
  events: [],
};

export class FakeEngine implements Engine {
  readonly name = 'sandbox';
  readonly capabilities = FAKE_CAPABILITIES;
  readonly listener: EngineListener;
  starts = 0;
  stops = 0;
  logouts = 0;
  /** What `start`, `stop`, `logout` and `health` do. */
  onStart: () => Promise<void> = () => Promise.resolve();
  onStop: () => Promise<void> = () => Promise.resolve();
  onLogout: () => Promise<void> = () => Promise.resolve();

  constructor(listener: EngineListener) {
    this.listener = listener;
  }

  start(): Promise<void> {
    this.starts += 1;
    return this.onStart();
  }
  stop(): Promise<void> {
    this.stops += 1;
    return this.onStop();
  }
  logout(): Promise<void> {
    this.logouts += 1;
    return this.onLogout();
  }
  onHealth: () => Promise<EngineHealth> = () => Promise.resolve({ checks: [] });
  health(): Promise<EngineHealth> {
    return this.onHealth();
  }
  /** What `perform` does. */
  onOperation: (id: string, input: object) => Promise<void> = () => Promise.resolve();
  async perform<Id extends EngineOperationId>(id: Id, input: EngineInput<Id>): Promise<EngineResult<Id>> {
    return (await this.onOperation(id, input)) as EngineResult<Id>;
  }
  /** What the other side is answered; without it, nothing is taken. */
  receive?: NonNullable<Engine['receive']>;
  /** What `requestPairingCode` does. */
  onPairing: (phone: string) => Promise<PairingCode> = () => unused();
  requestPairingCode(phone: string): Promise<PairingCode> {
    return this.onPairing(phone);
  }
  resolveChat = (): never => unused();
  chooseMessageId = (): never => unused();
  sendStatusOf = (): never => unused();
  downloadMedia = (): never => unused();
}

function unused(): never {
  throw new Error('not part of this test');
}

export class FakeFactory implements EngineFactory {
  readonly name = 'sandbox';
  takesProxy = true;
  settings?: EngineSettings;
  ingress?: EngineIngress;
  readonly options: EngineOptions[] = [];
  capabilities: EngineCapabilities = FAKE_CAPABILITIES;
  readonly made: FakeEngine[] = [];
  readonly profiles: string[] = [];
  readonly forgotten: SessionName[] = [];
  /** Called with each engine before it starts. */
  prepare: (engine: FakeEngine, session: SessionName) => void = () => undefined;

  create(session: SessionName, profileDir: string, listener: EngineListener, options: EngineOptions = {}): FakeEngine {
    const engine = new FakeEngine(listener);
    this.prepare(engine, session);
    this.made.push(engine);
    this.profiles.push(profileDir);
    this.options.push(options);
    return engine;
  }

  get last(): FakeEngine {
    const engine = this.made.at(-1);
    if (!engine) throw new Error('no engine was launched');
    return engine;
  }

  forget(session: SessionName): Promise<void> {
    this.forgotten.push(session);
    return Promise.resolve();
  }
}

export class FakeRecorder implements SessionRecorder {
  readonly events: NewEvent[] = [];
  readonly facts: EngineFact[] = [];
  readonly effects: Call<unknown>[] = [];

  record(_session: SessionName, fact: EngineFact): Promise<void> {
    this.facts.push(fact);
    return Promise.resolve();
  }

  recordEvent(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<void> {
    this.events.push(event);
    this.effects.push(...effects);
    return Promise.resolve();
  }

  /** The states entered, in order. */
  get states(): unknown[] {
    return this.events.flatMap((event) =>
      event.type === 'session.state_changed' && 'to' in event.data ? [event.data.to] : [],
    );
  }
}

/**
 * The engine of a sandbox session: a linked device on the simulated network. It knows no more of what becomes of a
 * message than a real device does, and keeps its login state in the profile folder.
 */
import type { Readable } from 'node:stream';
import type { Address } from '../../contract/address.ts';
import { WabError } from '../../contract/errors.ts';
import type { ChatId, SessionName, MessageId } from '../../contract/ids.ts';
import type { Clock } from '../../ops/clock.ts';
import { reasonOf } from '../../ops/reason.ts';
import {
  EngineError,
  type Engine,
  type EngineCapabilities,
  type EngineHealth,
  type EngineListener,
  type PairingCode,
  type SendStatus,
} from '../engine.ts';
import type { EngineOperationId } from '../../contract/operations/by-carrier.ts';
import { eventTypesOf } from '../engine-events.ts';
import type { EngineInput, EngineResult } from '../engine-operations.ts';
import { Device, newMessageId } from './device.ts';
import { REPORTED_EVENTS } from './events.generated.ts';
import { LoginState } from './login-state.ts';
import { engineFact, refusal } from './network-answers.ts';
import { SANDBOX_OPERATIONS } from './operations/operations.ts';
import { pairingRefusal } from './pairing-refusal.ts';
import { type DeviceEvent, type DeviceConnection, type NetworkFact, type PhoneNetwork } from './phone-network.ts';

export const SANDBOX_CAPABILITIES: EngineCapabilities = {
  chosenMessageIds: true,
  linking: ['qr', 'pairing_code'],
  parallelFiles: true,
  simulated: true,
  operations: SANDBOX_OPERATIONS.ids,
  events: eventTypesOf(REPORTED_EVENTS),
};

export interface SandboxEngineOptions {
  /** How long a call may take, in milliseconds, before its outcome counts as unknown. */
  readonly callDeadlineMs: number;
  /** First and longest wait before a broken connection is tried again, in milliseconds. */
  readonly reconnectMs: { readonly first: number; readonly longest: number };
}

export const DEFAULT_SANDBOX_ENGINE_OPTIONS: SandboxEngineOptions = {
  callDeadlineMs: 15_000,
  reconnectMs: { first: 50, longest: 2_000 },
};

/** When a network that refuses this version is tried again: somebody may have started another one. */
const RETRY_REFUSED_MS = 60_000;

export class SandboxEngine implements Engine {
  readonly name = 'sandbox';
  readonly capabilities = SANDBOX_CAPABILITIES;
  readonly #session: SessionName;
  readonly #login: LoginState;
  readonly #network: PhoneNetwork;
  readonly #listener: EngineListener;
  readonly #clock: Clock;
  readonly #options: SandboxEngineOptions;
  readonly #device: Device;
  readonly #ended = new AbortController();
  #connection: DeviceConnection | null = null;
  #isReady = false;
  #waitMs: number;
  /** The last fact could not be recorded. */
  #refused = false;

  constructor(
    session: SessionName,
    profileDir: string,
    network: PhoneNetwork,
    listener: EngineListener,
    clock: Clock,
    options: SandboxEngineOptions,
  ) {
    this.#session = session;
    this.#login = new LoginState(profileDir);
    this.#network = network;
    this.#listener = listener;
    this.#clock = clock;
    this.#options = options;
    this.#waitMs = options.reconnectMs.first;
    this.#device = new Device({
      session,
      network,
      connection: () => this.#readyConnection,
      callDeadlineMs: options.callDeadlineMs,
      clock,
    });
  }

  async start(): Promise<void> {
    if (this.#ended.signal.aborted) throw new Error('a stopped engine does not start again');
    await this.#login.prepare();
    void this.#dial();
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    this.#isReady = false;
    this.#connection?.close();
    this.#connection = null;
  }

  async logout(): Promise<void> {
    const connection = this.#device.requireConnection();
    await this.#device.within(connection.unlink(), 'defer');
    await this.#login.remove();
    await this.stop();
  }

  async requestPairingCode(phone: string): Promise<PairingCode> {
    const connection = this.#connection;
    if (!connection) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the simulated network cannot be reached');
    const answer = await this.#device.within(connection.pair(phone), 'defer');
    if (!answer.given) throw pairingRefusal(answer.why);
    const given = { code: answer.code, expiresAt: new Date(answer.expiresAt) };
    this.#listener.signal({ kind: 'pairing_code', ...given });
    return given;
  }

  async resolveChat(chatId: ChatId): Promise<Address> {
    const address = await this.#device.within(this.#device.requireConnection().resolve(chatId), 'defer');
    if (!address) throw refusal('chat_unknown');
    return address;
  }

  chooseMessageId(chatId: ChatId): MessageId {
    return newMessageId(chatId);
  }

  async perform<Id extends EngineOperationId>(
    id: Id,
    input: EngineInput<Id>,
    messageId: MessageId | null = null,
  ): Promise<EngineResult<Id>> {
    return SANDBOX_OPERATIONS.carryOut(this.#device, id, input, messageId);
  }

  async sendStatusOf(messageId: MessageId): Promise<SendStatus> {
    const connection = this.#readyConnection;
    if (!connection) return 'unknown';
    return this.#device.within(connection.sendStatus(messageId), 'unknown').catch(() => 'unknown');
  }

  async health(): Promise<EngineHealth> {
    return {
      checks: [
        {
          name: 'line',
          state: this.#isReady ? 'ok' : 'failed',
          detail: this.#isReady
            ? 'connected to the simulated network'
            : this.#connection
              ? 'the simulated network has not accepted this device yet'
              : 'not connected to the simulated network',
        },
        {
          name: 'events',
          state: this.#refused ? 'failed' : 'ok',
          detail: this.#refused ? 'the last event could not be recorded and is requested again' : 'events are recorded',
        },
      ],
    };
  }

  async downloadMedia(messageId: MessageId, limitBytes: number): Promise<Readable> {
    const answer = await this.#device.within(this.#device.requireConnection().media(messageId), 'defer');
    if (answer.state === 'gone')
      throw new EngineError('fail', 'WAB_MEDIA_FAILED', 'the simulated network no longer has this file');
    if (answer.state === 'later')
      throw new EngineError('defer', 'WAB_MEDIA_FAILED', 'the simulated network cannot provide this file now');
    if (answer.sizeBytes > limitBytes)
      throw new EngineError('fail', 'WAB_MEDIA_TOO_LARGE', `the file has ${answer.sizeBytes} bytes`);
    return this.#device.within(this.#network.openMedia(this.#session, answer.ref), 'defer');
  }

  /** The connection, while the device is ready. */
  get #readyConnection(): DeviceConnection | null {
    return this.#isReady ? this.#connection : null;
  }

  /** Connects, and connects again, until the engine ends or the phone unlinks it. */
  async #dial(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      try {
        const credential = await this.#login.read();
        const connection = await this.#network.connect(this.#session, credential, (event) => this.#onEvent(event));
        if (this.#ended.signal.aborted) connection.close();
        else this.#connection = connection;
        return;
      } catch (error) {
        if (this.#ended.signal.aborted) return;
        if (error instanceof WabError && !error.retryable) return this.#crash(error, RETRY_REFUSED_MS);
        this.#listener.signal({ kind: 'interrupted', reason: reasonOf(error) });
        await this.#pauseBeforeDial();
      }
    }
  }

  async #pauseBeforeDial(): Promise<void> {
    const waitMs = this.#waitMs;
    this.#waitMs = Math.min(waitMs * 2, this.#options.reconnectMs.longest);
    await this.#clock.sleep(waitMs, this.#ended.signal).catch(() => undefined);
  }

  #onEvent(event: DeviceEvent): void {
    if (this.#ended.signal.aborted) return;
    switch (event.on) {
      case 'qr':
        this.#listener.signal({ kind: 'qr', code: event.code, expiresAt: new Date(event.expiresAt) });
        return;
      case 'pairing_code':
        this.#listener.signal({ kind: 'pairing_code', code: event.code, expiresAt: new Date(event.expiresAt) });
        return;
      case 'linked':
        void this.#linked(event.credential);
        return;
      case 'accepted':
        this.#listener.signal({ kind: 'authenticated' });
        this.#connection?.online();
        return;
      case 'ready':
        this.#isReady = true;
        // A connection that breaks because nothing can be recorded must not be retried ever faster.
        if (!this.#refused) this.#waitMs = this.#options.reconnectMs.first;
        this.#listener.signal({ kind: 'ready', self: event.self });
        return;
      case 'fact':
        this.#report(event.number, event.fact);
        return;
      case 'unlinked':
        void this.#unlinked(event.reason);
        return;
      case 'crash':
        this.#listener.signal({ kind: 'crashed', reason: 'the simulated engine died' });
        void this.stop();
        return;
      case 'closed':
        this.#redial(event.reason);
    }
  }

  async #linked(credential: string): Promise<void> {
    const connection = this.#connection;
    try {
      await this.#login.write(credential);
    } catch (error) {
      this.#crash(error);
      return;
    }
    if (this.#ended.signal.aborted || this.#connection !== connection) return;
    this.#listener.signal({ kind: 'authenticated' });
    connection?.online();
  }

  async #unlinked(reason: string): Promise<void> {
    this.#isReady = false;
    this.#connection = null;
    await this.#login.remove().catch(() => undefined);
    if (this.#ended.signal.aborted) return;
    this.#listener.signal({ kind: 'logged_out', reason });
    await this.stop();
  }

  #report(number: number, fact: NetworkFact): void {
    const connection = this.#connection;
    void this.#record(fact).then(
      () => {
        if (this.#connection !== connection || this.#ended.signal.aborted) return;
        this.#refused = false;
        connection?.confirm(number);
      },
      (error: unknown) => {
        // What is not confirmed is delivered again on the next connection, in order.
        if (this.#connection !== connection || this.#ended.signal.aborted) return;
        this.#refused = true;
        connection?.close();
        this.#redial(`an event could not be recorded: ${reasonOf(error)}`);
      },
    );
  }

  /** A listener that throws at once counts as one that rejects. */
  async #record(fact: NetworkFact): Promise<void> {
    await this.#listener.fact(engineFact(fact));
  }

  #redial(reason: string): void {
    if (this.#ended.signal.aborted) return;
    this.#isReady = false;
    this.#connection = null;
    this.#listener.signal({ kind: 'interrupted', reason });
    void this.#pauseBeforeDial().then(() => this.#dial());
  }

  /** @param retryAfterMs if a person has to act first */
  #crash(error: unknown, retryAfterMs?: number): void {
    if (this.#ended.signal.aborted) return;
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    this.#listener.signal({ kind: 'crashed', reason: reasonOf(error), ...wait });
    void this.stop();
  }
}

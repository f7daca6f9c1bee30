/** One WebSocket connection to the bridge, from the dial to its end. It subscribes, answers heartbeats and watches for silence. */
import { jsonParse } from 'n8n-workflow';
import {
  STREAM_PROTOCOL,
  type BridgeBye,
  type BridgeError,
  type BridgeEvent,
  type BridgeFrame,
  type BridgeReset,
  type BridgeSubscribed,
  type ClientFrame,
  type ClientSubscribe,
} from '../shared/contract.generated';
import { pause } from '../shared/pause';
import type { End } from './reconnect';

/** Dial, upgrade and greeting together. */
const GREETING_MS = 20_000;
/** The bridge counts the events that wait before it answers a subscribe. */
const SUBSCRIBE_MS = 60_000;
/** A bridge that said `bye` closes the socket itself; after this long it is left. */
const BYE_MS = 5_000;

export type Dial = (url: string, headers: Record<string, string>) => WebSocket;

/** Node's global WebSocket takes headers, which the DOM types do not know. */
export const dialWithHeaders: Dial = (url, headers) => {
  type WithHeaders = new (url: string, init: { headers: Record<string, string>; protocols: string[] }) => WebSocket;
  return new (WebSocket as unknown as WithHeaders)(url, { headers, protocols: [STREAM_PROTOCOL] });
};

export interface ConnectionHandlers {
  subscribed(frame: BridgeSubscribed): void;
  /** Returns false where the connection must be given up because an event is missing. */
  event(frame: BridgeEvent): boolean;
  reset(frame: BridgeReset): void;
  /** A refusal that concerns a single frame of an established subscription. */
  error(frame: BridgeError): void;
  /** The log position up to which the bridge has evaluated the filter. */
  position(cursor: string): void;
}

export class StreamConnection {
  readonly #socket: WebSocket;
  readonly #subscribe: ClientSubscribe;
  readonly #handlers: ConnectionHandlers;
  readonly #over = new AbortController();
  readonly #resolve: (end: End) => void;
  /** Settles once, when the connection is over. Never rejects. */
  readonly ended: Promise<End>;
  #opened = false;
  #subscribed = false;
  #lastReceivedAt = performance.now();
  #idleTimeoutMs = GREETING_MS;
  /** Wakes the watch when its patience changes, and at the end. */
  #rearm = new AbortController();
  /** Two heartbeats, once the bridge has said how long one is. */
  #beat = GREETING_MS;
  #bye: BridgeBye | null = null;

  constructor(socket: WebSocket, subscribe: ClientSubscribe, handlers: ConnectionHandlers) {
    this.#socket = socket;
    this.#subscribe = subscribe;
    this.#handlers = handlers;
    let resolve: (end: End) => void = () => {};
    this.ended = new Promise<End>((settle) => (resolve = settle));
    this.#resolve = resolve;
  }

  get subscribed(): boolean {
    return this.#subscribed && !this.#over.signal.aborted;
  }

  start(): void {
    const socket = this.#socket;
    const { signal } = this.#over;
    socket.addEventListener('open', () => (this.#opened = true), { signal });
    socket.addEventListener('message', ({ data }) => this.#receive(data), { signal });
    // `close` follows every `error`, also for a refused upgrade.
    socket.addEventListener('error', () => {});
    socket.addEventListener(
      'close',
      ({ code }) => this.#end(this.#opened ? { kind: 'closed', code, bye: this.#bye } : { kind: 'refused' }),
      { signal },
    );
    void this.#watch();
  }

  /** @returns false where the frame cannot be sent any more */
  send(frame: ClientFrame): boolean {
    if (this.#over.signal.aborted || this.#socket.readyState !== 1) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ends the connection from this side, after what was sent before. */
  leave(end: End = { kind: 'left' }): void {
    this.#end(end);
  }

  #end(end: End): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#rearm.abort();
    this.#socket.close(1000);
    this.#resolve(end);
  }

  /** The global WebSocket has no ping and no timeouts of its own. */
  async #watch(): Promise<void> {
    while (!this.#over.signal.aborted) {
      const left = this.#lastReceivedAt + this.#idleTimeoutMs - performance.now();
      if (left < 0) {
        this.#end(this.#bye === null ? { kind: 'silent' } : { kind: 'closed', code: 1006, bye: this.#bye });
        return;
      }
      await pause(left + 1, this.#rearm.signal);
    }
  }

  #setIdleTimeout(ms: number): void {
    this.#idleTimeoutMs = ms;
    const armed = this.#rearm;
    this.#rearm = new AbortController();
    armed.abort();
  }

  #receive(data: unknown): void {
    this.#lastReceivedAt = performance.now();
    const frame = jsonParse<BridgeFrame | null>(String(data), { fallbackValue: null });
    if (frame === null) return;
    switch (frame.type) {
      case 'hello':
        this.#setIdleTimeout(Math.max(SUBSCRIBE_MS, 2 * frame.heartbeatMs));
        this.#beat = 2 * frame.heartbeatMs;
        this.send({ ...this.#subscribe, window: Math.min(this.#subscribe.window, frame.maxWindow) });
        return;
      case 'subscribed':
        this.#subscribed = true;
        this.#setIdleTimeout(this.#beat);
        this.#handlers.subscribed(frame);
        return;
      case 'event':
        if (!this.#handlers.event(frame)) this.#end({ kind: 'gap' });
        return;
      case 'ping': {
        this.send({ type: 'pong', id: frame.id });
        const position = frame.positions[this.#subscribe.subscription];
        if (position !== undefined) this.#handlers.position(position);
        return;
      }
      case 'reset':
        this.#handlers.reset(frame);
        return;
      case 'error':
        if (this.#subscribed) this.#handlers.error(frame);
        else this.#end({ kind: 'rejected', code: frame.code, message: frame.message });
        return;
      case 'bye':
        this.#bye = frame;
        this.#setIdleTimeout(BYE_MS);
        return;
      case 'pong':
        return;
    }
  }
}

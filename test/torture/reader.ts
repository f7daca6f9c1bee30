/**
 * Readers of the event stream with durable subscriptions. They acknowledge after a moment, and at times refuse an event, or
 * break the connection with it in their hands.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { BridgeClient } from '../../bridge/src/cli/client.ts';
import type { BridgeFrame, ClientFrame, EventFrame } from '../../bridge/src/contract/frames.ts';
import type { EventType } from '../../bridge/src/contract/events.ts';
import type { History } from './history.ts';
import type { SeededRandom } from './random.ts';

const WINDOW = 16;
const LONGEST_ANSWER_MS = 400;
const RECONNECT_MS = 100;
const OPEN_DEADLINE_MS = 5_000;

export interface ReaderDependencies {
  readonly name: string;
  /** Null for all. */
  readonly types: readonly EventType[] | null;
  readonly bridge: BridgeClient;
  readonly history: History;
  readonly random: SeededRandom;
  readonly signal: AbortSignal;
}

/** In which order is kept, as a client sees it. */
export const laneOf = ({ session, chat }: Pick<EventFrame['event'], 'session' | 'chat'>): string =>
  `${session ?? ''}|${chat?.chatId ?? ''}`;

export class Reader {
  readonly acked = new Set<string>();
  readonly #with: ReaderDependencies;
  /** Events in its hands. */
  readonly #open = new Set<string>();
  #subscribed = false;
  #connections = 0;
  #socket: WebSocket | null = null;

  constructor(dependencies: ReaderDependencies) {
    this.#with = dependencies;
  }

  get unread(): number {
    return this.#open.size;
  }

  get subscribed(): boolean {
    return this.#subscribed;
  }

  passes(type: string): boolean {
    const { types } = this.#with;
    return types === null || (types as readonly string[]).includes(type);
  }

  /** Reads, on one connection after the other, until the signal. */
  async run(): Promise<void> {
    const { bridge, history, signal, name, types } = this.#with;
    history.add({ kind: 'subscribed', reader: name, types });
    signal.addEventListener('abort', () => this.#socket?.terminate(), { once: true });
    while (!signal.aborted) {
      // A bridge that neither takes nor refuses must not hold the reader for ever; the late socket is ended.
      const opening = bridge.openStream();
      const socket = await Promise.race([opening.catch(() => null), wait(OPEN_DEADLINE_MS, null, { ref: false })]);
      if (socket === null) {
        opening.then(
          (late) => late.terminate(),
          () => undefined,
        );
        await wait(RECONNECT_MS);
        continue;
      }
      await this.#follow(socket);
      await wait(RECONNECT_MS);
    }
  }

  /** One connection. Resolves once it has ended. */
  #follow(socket: WebSocket): Promise<void> {
    this.#connections += 1;
    this.#open.clear();
    this.#socket = socket;
    const connection = this.#connections;
    if (this.#with.signal.aborted) socket.terminate();
    socket.on('message', (data) => {
      if (socket.readyState === socket.OPEN)
        this.#take(JSON.parse((data as Buffer).toString('utf8')) as BridgeFrame, socket, connection);
    });
    socket.on('error', () => undefined);
    return new Promise((resolve) => {
      if (socket.readyState === socket.CLOSED) resolve();
      socket.once('close', () => resolve());
    });
  }

  #take(frame: BridgeFrame, socket: WebSocket, connection: number): void {
    const { name, types, history } = this.#with;
    const tell = (answer: ClientFrame): void => socket.send(JSON.stringify(answer));
    if (frame.type === 'hello') {
      tell({
        type: 'subscribe',
        subscription: name,
        durable: true,
        filter: types === null ? {} : { types: [...types] },
        from: this.#subscribed ? 'resume' : 'earliest',
        window: WINDOW,
      });
    } else if (frame.type === 'subscribed') this.#subscribed = true;
    else if (frame.type === 'ping') tell({ type: 'pong', id: frame.id });
    else if (frame.type === 'reset') history.add({ kind: 'reset', reader: name, reason: frame.reason });
    else if (frame.type === 'event') void this.#read(frame, socket, connection);
  }

  async #read(frame: EventFrame, socket: WebSocket, connection: number): Promise<void> {
    const { name, history, random } = this.#with;
    const { event, cursor, attempt } = frame;
    const { id, seq } = event;
    history.add({ kind: 'delivered', reader: name, connection, event: id, seq, lane: laneOf(event), attempt });
    this.#open.add(id);
    const [answerMs, fate] = [random.between(0, LONGEST_ANSWER_MS), random.next()];
    await wait(answerMs);
    if (socket.readyState !== socket.OPEN || this.#with.signal.aborted) return;
    if (attempt === 1 && fate < 0.004) return socket.terminate();
    this.#open.delete(id);
    const answer = { subscription: name, cursors: [cursor], attempt };
    if (attempt === 1 && fate < 0.02) {
      history.add({ kind: 'refused', reader: name, connection, event: id });
      return socket.send(JSON.stringify({ type: 'nack', ...answer, retryAfterMs: 200, reason: 'not now' }));
    }
    history.add({ kind: 'acked', reader: name, connection, event: id });
    this.acked.add(id);
    socket.send(JSON.stringify({ type: 'ack', ...answer }));
  }
}

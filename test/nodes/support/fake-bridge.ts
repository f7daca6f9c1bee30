/**
 * A bridge whose answers a test scripts: a real HTTP server with a WebSocket stream. It checks no signatures; that the
 * nodes sign rightly is shown against the real bridge.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { BridgeEvent, ClientFrame, Event } from '../../../nodes/shared/contract.generated';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface ScriptedAnswer {
  readonly status?: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Record<string, string>;
}

export const problem = (status: number, code: string, detail: string): ScriptedAnswer => ({
  status,
  json: { type: `urn:wabridge:error:${code}`, title: code, status, detail, code, retryable: false, requestId: 'req-1' },
  headers: { 'content-type': 'application/problem+json' },
});

/** One accepted stream connection. */
export class FakeStream {
  readonly socket: WebSocket;
  readonly frames: ClientFrame[] = [];
  readonly closed: Promise<number>;
  #waiting: Array<() => void> = [];

  constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as ClientFrame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  send(frame: object): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** The first frame of a type after `from`, once it has come. */
  async next<Type extends ClientFrame['type']>(type: Type, from = 0): Promise<Extract<ClientFrame, { type: Type }>> {
    for (;;) {
      const found = this.frames.slice(from).find((frame) => frame.type === type);
      if (found !== undefined) return found as Extract<ClientFrame, { type: Type }>;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async nth<Type extends ClientFrame['type']>(
    type: Type,
    count: number,
  ): Promise<Extract<ClientFrame, { type: Type }>> {
    for (;;) {
      const found = this.frames.filter((frame) => frame.type === type);
      const frame = found[count - 1];
      if (frame !== undefined) return frame as Extract<ClientFrame, { type: Type }>;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  count(type: ClientFrame['type']): number {
    return this.frames.filter((frame) => frame.type === type).length;
  }

  /** Greets and takes the subscription. */
  async subscribe(options: { heartbeatMs?: number; resumed?: number } = {}): Promise<void> {
    this.send({
      type: 'hello',
      protocol: 'wabridge.v1',
      connection: 'con-1',
      heartbeatMs: options.heartbeatMs ?? 15_000,
      maxWindow: 256,
    });
    const { subscription } = await this.next('subscribe');
    this.send({ type: 'subscribed', subscription, cursor: 'cur-0', resumed: options.resumed ?? 0 });
  }

  get subscription(): string {
    const frame = this.frames.find((candidate) => candidate.type === 'subscribe');
    if (frame === undefined) throw new Error('The client has not subscribed.');
    return frame.subscription;
  }

  deliver(event: Event, attempt = 1, previous: string | null = null): void {
    const frame: BridgeEvent = {
      type: 'event',
      subscription: this.subscription,
      cursor: `cur-${event.seq}`,
      previous,
      attempt,
      event,
    };
    this.send(frame);
  }
}

export class FakeBridge {
  readonly requests: SeenRequest[] = [];
  /** Upgrade requests, also refused ones. */
  readonly upgrades: IncomingMessage[] = [];
  /** Answers by `METHOD /path`; a function sees the request. */
  readonly answers = new Map<string, ScriptedAnswer | ((request: SeenRequest) => ScriptedAnswer)>();
  refuseUpgrades = false;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, handleProtocols: () => 'wabridge.v1' });
  readonly #streams: FakeStream[] = [];
  #waiting: Array<() => void> = [];

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.on('upgrade', (request, socket, head) => {
      this.upgrades.push(request);
      if (this.refuseUpgrades) {
        socket.end('HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.#streams.push(new FakeStream(webSocket));
        for (const wake of this.#waiting.splice(0)) wake();
      });
    });
  }

  async start(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    for (const { socket } of this.#streams) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get connections(): number {
    return this.#streams.length;
  }

  /** The nth stream connection (from 1), once it was opened. */
  async stream(number: number): Promise<FakeStream> {
    for (;;) {
      const stream = this.#streams[number - 1];
      if (stream !== undefined) return stream;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const url = new URL(request.url ?? '/', 'http://x');
    const seen: SeenRequest = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks),
    };
    this.requests.push(seen);
    const script =
      this.answers.get(`${seen.method} ${seen.path}`) ??
      problem(404, 'WAB_NOT_FOUND', `There is no ${seen.method} ${seen.path}.`);
    const { status = 200, json, bytes, headers = {} } = typeof script === 'function' ? script(seen) : script;
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(bytes ?? JSON.stringify(json ?? {}));
  }
}

/** A message event, as the bridge delivers it. */
export function messageEvent(seq: number, overrides: Partial<Event> = {}, data: Record<string, unknown> = {}): Event {
  const chat = { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada' };
  return {
    id: `evt_${String(seq).padStart(27, '0')}`,
    type: 'message.received',
    session: 'support',
    seq,
    occurredAt: '2026-01-01T00:00:00.000Z',
    chat,
    sender: chat,
    data: {
      messageId: `false_4915112345678@c.us_${seq}`,
      kind: 'text',
      text: `hello ${seq}`,
      fromMe: false,
      mentions: [],
      quotedMessageId: null,
      ...data,
    },
    ...overrides,
  };
}

/**
 * The simulated network in a process of its own, for tests that kill the bridge and count outside of it:
 * `node network-server.ts <folder> [--auto-link] [--port <port>]` prints one JSON line with its `url`. Loopback only.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { WebSocketServer, type WebSocket } from 'ws';
import type { SessionName } from '../../contract/ids.ts';
import { isCallName } from './device-calls.ts';
import { driverOperationOf, type DriverInput, type DriverOperationId } from './driver/driver.ts';
import { LocalNetwork, type LocalNetworkOptions } from './local-network.ts';
import {
  statedVersion,
  toWire,
  VERSION_HEADER,
  versionMismatch,
  WIRE_VERSION,
  type DeviceFrame,
  type NetworkFrame,
} from './network-wire.ts';
import type { DeviceConnection } from './phone-network.ts';

export class NetworkServer {
  readonly #network: LocalNetwork;
  readonly #port: number;
  readonly #http: Server;
  readonly #connections: WebSocketServer;

  /** @param port 0 lets the system choose */
  constructor(options: LocalNetworkOptions, port = 0) {
    this.#network = new LocalNetwork(options);
    this.#port = port;
    this.#http = createServer((request, response) => void this.#answer(request, response));
    this.#connections = new WebSocketServer({ server: this.#http, maxPayload: 64 * 1024 * 1024 });
  }

  /** @returns the URL for the setting `sandboxNetworkUrl` */
  async start(): Promise<string> {
    this.#connections.on('connection', (socket) => this.#serve(socket));
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(this.#port, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.#connections.clients) socket.terminate();
    this.#connections.close();
    await this.#network.close();
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.setHeader(VERSION_HEADER, WIRE_VERSION);
    try {
      requireVersion(statedVersion(request.headers[VERSION_HEADER]));
      const [, area, ...rest] = new URL(request.url ?? '/', 'http://loopback').pathname
        .split('/')
        .map(decodeURIComponent);
      if (area === 'driver' && request.method === 'POST')
        return reply(response, 200, { value: await this.#drive(rest[0] as SessionName, rest[1] ?? '', request) });
      if (area === 'accounts' && request.method === 'DELETE') {
        await this.#network.forget(rest[0] as SessionName);
        return reply(response, 200, {});
      }
      if (area === 'media' && request.method === 'PUT')
        return reply(response, 200, await this.#network.storeMedia(rest[0] as SessionName, request));
      if (area === 'media' && request.method === 'GET') {
        const bytes = await this.#network.openMedia(rest[0] as SessionName, rest[1] ?? '');
        response.writeHead(200);
        return await pipeline(bytes, response);
      }
      reply(response, 404, { error: toWire(new Error('the simulated network has no such route')) });
    } catch (error) {
      if (response.headersSent) response.destroy();
      else reply(response, 422, { error: toWire(error) });
    }
  }

  async #drive(session: SessionName, id: string, request: IncomingMessage): Promise<unknown> {
    const operation = driverOperationOf(id);
    if (!operation) throw new Error(`the simulated network has no operation ${id}`);
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const input = JSON.parse(Buffer.concat(chunks).toString('utf8')) as DriverInput<DriverOperationId>;
    return (await this.#network.drive(operation.id as DriverOperationId, session, input)) ?? null;
  }

  #serve(socket: WebSocket): void {
    let connection: DeviceConnection | null = null;
    const tell = (frame: NetworkFrame): void => socket.send(JSON.stringify(frame));
    const connect = async (hello: Hello): Promise<void> => {
      try {
        requireVersion(hello.version);
        const made = await this.#network.connect(hello.session as SessionName, hello.credential, (event) =>
          tell({ event }),
        );
        if (socket.readyState !== socket.OPEN) return made.close();
        connection = made;
        tell({ connected: WIRE_VERSION });
      } catch (error) {
        const refusal = toWire(error);
        tell({ refused: refusal.message, error: refusal });
        socket.close();
      }
    };
    const receive = (frame: DeviceFrame): void => {
      if ('hello' in frame) void connect(frame.hello);
      else if ('online' in frame) connection?.online();
      else if ('confirm' in frame) connection?.confirm(frame.confirm);
      else if (connection) {
        ask(connection, frame.what, frame.about).then(
          (value) => tell({ answer: frame.ask, value }),
          (error: unknown) => tell({ answer: frame.ask, cut: toWire(error).message }),
        );
      }
    };
    socket.on('message', (data) => receive(JSON.parse((data as Buffer).toString('utf8')) as DeviceFrame));
    socket.on('error', () => socket.terminate());
    socket.on('close', () => connection?.close());
  }
}

type Hello = Extract<DeviceFrame, { readonly hello: unknown }>['hello'];

/** @throws WabError WAB_SANDBOX_NETWORK_VERSION */
function requireVersion(bridge: number | undefined): void {
  const mismatch = versionMismatch(WIRE_VERSION, bridge);
  if (mismatch) throw mismatch;
}

/** Carries a call of the other side to this one's network. */
async function ask(connection: DeviceConnection, what: string, about: unknown): Promise<unknown> {
  if (!isCallName(what)) throw new Error(`the simulated network has no call ${what}`);
  return (connection[what] as (about: unknown) => Promise<unknown>)(about);
}

function reply(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    options: { 'auto-link': { type: 'boolean' }, port: { type: 'string' } },
    allowPositionals: true,
  });
  const folder = positionals[0];
  if (folder === undefined) throw new Error('usage: node network-server.ts <folder> [--auto-link] [--port <port>]');
  const server = new NetworkServer({ folder, autoLink: values['auto-link'] ?? false }, Number(values.port ?? 0));
  const url = await server.start();
  process.stdout.write(`${JSON.stringify({ simulated: true, url })}\n`);
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void server.stop());
}

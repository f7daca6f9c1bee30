/** A simulated phone network in another process (`network-server.ts`), so that it outlives a killed bridge. */
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import { http } from '../../ops/node-http.ts';
import { callsOver, type CallName } from './device-calls.ts';
import type { DriverArguments, DriverOperationId, DriverResult, SandboxDriver } from './driver/driver.ts';
import {
  fromWire,
  refusalOf,
  statedVersion,
  VERSION_HEADER,
  versionMismatch,
  WIRE_VERSION,
  type DeviceFrame,
  type NetworkFrame,
  type WireError,
} from './network-wire.ts';
import { ConnectionLost, type DeviceConnection, type DeviceEvent, type PhoneNetwork } from './phone-network.ts';

const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

export class RemoteNetwork implements PhoneNetwork, SandboxDriver {
  readonly #url: URL;

  /** @throws WabError WAB_CONFIG_INVALID for anything but http on loopback */
  constructor(url: string) {
    this.#url = new URL(url);
    if (this.#url.protocol !== 'http:' || !LOOPBACK.has(this.#url.hostname)) {
      throw new WabError('WAB_CONFIG_INVALID', { reason: 'sandboxNetworkUrl must be an http URL on loopback' });
    }
  }

  connect(
    session: SessionName,
    credential: string | null,
    listener: (event: DeviceEvent) => void,
  ): Promise<DeviceConnection> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(new URL('/line', this.#url.href.replace('http', 'ws')), {
        maxPayload: 64 * 1024 * 1024,
      });
      const connection = new RemoteDeviceConnection(socket, listener);
      const failed = (error: Error): void => {
        reject(error);
        connection.cut(error.message);
      };
      const lost = (reason: string): void => failed(new ConnectionLost(reason));
      socket.on('open', () => connection.hello(session, credential));
      socket.on('message', (data) => {
        const frame = JSON.parse((data as Buffer).toString('utf8')) as NetworkFrame;
        if ('connected' in frame) {
          const mismatch = versionMismatch(numberOf(frame.connected), WIRE_VERSION);
          if (mismatch) return failed(mismatch);
          resolve(connection.device);
          // The caller has its connection before the first event.
          setImmediate(() => connection.begin());
        } else if ('refused' in frame) failed(refusalOf(frame.error, WIRE_VERSION));
        else connection.receive(frame);
      });
      socket.on('error', () => lost('the simulated network cannot be reached'));
      socket.on('close', () => lost('the simulated connection broke'));
    });
  }

  async storeMedia(
    session: SessionName,
    bytes: Readable,
  ): Promise<{ readonly ref: string; readonly sizeBytes: number }> {
    const response = await this.#fetch('PUT', `/media/${session}`, bytes);
    return (await jsonOf(response)) as { ref: string; sizeBytes: number };
  }

  async openMedia(session: SessionName, ref: string): Promise<Readable> {
    return this.#fetch('GET', `/media/${session}/${ref}`);
  }

  async forget(session: SessionName): Promise<void> {
    await jsonOf(await this.#fetch('DELETE', `/accounts/${session}`));
  }

  async drive<Id extends DriverOperationId>(
    id: Id,
    session: SessionName,
    ...[input]: DriverArguments<Id>
  ): Promise<DriverResult<Id>> {
    const body = Readable.from([Buffer.from(JSON.stringify(input ?? {}))]);
    const response = await this.#fetch('POST', `/driver/${session}/${id}`, body);
    return ((await jsonOf(response)) as { value: DriverResult<Id> }).value;
  }

  /** Nothing to end: each engine closes its own connection. */
  async close(): Promise<void> {}

  #fetch(method: string, path: string, body?: Readable): Promise<Readable> {
    return new Promise((resolve, reject) => {
      const headers = { [VERSION_HEADER]: WIRE_VERSION };
      const call = http.request(new URL(path, this.#url), { method, headers }, (response) => {
        const mismatch = versionMismatch(statedVersion(response.headers[VERSION_HEADER]), WIRE_VERSION);
        if (mismatch) {
          response.destroy();
          return reject(mismatch);
        }
        if (response.statusCode === 200) return resolve(response);
        jsonOf(response).then((failure) => reject(fromWire((failure as { error: WireError }).error)), reject);
      });
      call.on('error', reject);
      if (body) body.on('error', (error) => call.destroy(error)).pipe(call);
      else call.end();
    });
  }
}

class RemoteDeviceConnection {
  /** The device's end. */
  readonly device: DeviceConnection = {
    ...callsOver((name, about) => this.#ask(name, about)),
    online: () => this.#sendFrame({ online: true }),
    confirm: (number) => this.#sendFrame({ confirm: number }),
    close: () => this.#close(),
  };
  readonly #socket: WebSocket;
  readonly #listener: (event: DeviceEvent) => void;
  readonly #asked = new Map<number, { resolve: (value: unknown) => void; reject: (error: ConnectionLost) => void }>();
  #open = true;
  /** Frames that came before the caller had its connection; null from then on. */
  #early: NetworkFrame[] | null = [];
  #count = 0;

  constructor(socket: WebSocket, listener: (event: DeviceEvent) => void) {
    this.#socket = socket;
    this.#listener = listener;
  }

  hello(session: SessionName, credential: string | null): void {
    this.#sendFrame({ hello: { session, credential, version: WIRE_VERSION } });
  }

  begin(): void {
    const early = this.#early ?? [];
    this.#early = null;
    if (!this.#open) this.#listener({ on: 'closed', reason: 'the simulated connection broke' });
    for (const frame of early) this.receive(frame);
  }

  receive(frame: NetworkFrame): void {
    if (!this.#open) return;
    if (this.#early) this.#early.push(frame);
    else if ('answer' in frame) {
      const asked = this.#asked.get(frame.answer);
      this.#asked.delete(frame.answer);
      if (frame.cut === undefined) asked?.resolve(frame.value);
      else asked?.reject(new ConnectionLost(frame.cut));
    } else if ('event' in frame) {
      this.#listener(frame.event);
      if (['closed', 'unlinked', 'crash'].includes(frame.event.on)) this.#end(frame.event.on);
    }
  }

  /** The socket broke before the network could say so. */
  cut(reason: string): void {
    if (!this.#open) return;
    // Before the connection stood, the rejected `connect` says it all.
    const told = this.#early === null;
    this.#end(reason);
    if (told) this.#listener({ on: 'closed', reason });
  }

  #close(): void {
    if (this.#open) this.#end('the device closed the connection');
  }

  #ask(what: CallName, about: unknown): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(new ConnectionLost('the simulated connection is gone'));
      this.#count += 1;
      this.#asked.set(this.#count, { resolve, reject });
      this.#sendFrame({ ask: this.#count, what, about });
    });
  }

  #sendFrame(frame: DeviceFrame): void {
    if (this.#open) this.#socket.send(JSON.stringify(frame));
  }

  #end(reason: string): void {
    this.#open = false;
    this.#socket.close();
    for (const { reject } of this.#asked.values()) reject(new ConnectionLost(reason));
    this.#asked.clear();
  }
}

async function jsonOf(response: Readable): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

/** Version 1 said `true`. */
const numberOf = (connected: unknown): number | undefined => (typeof connected === 'number' ? connected : undefined);

/** A simulated phone network in another process (`network-server.ts`), so that it outlives a killed bridge. */
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { WebSocket } from 'ws';
import type { Address } from '../../contract/address.ts';
import { WabError } from '../../contract/errors.ts';
import type { ChatId, SessionName, MessageId } from '../../contract/ids.ts';
import type { SendStatus } from '../engine.ts';
import type { DriverArguments, DriverOperationId, DriverResult, SandboxDriver } from './driver/driver.ts';
import { fromWire, type DeviceFrame, type NetworkFrame, type Question, type WireError } from './network-wire.ts';
import {
  ConnectionLost,
  type OperationAnswer,
  type DeviceEvent,
  type DeviceConnection,
  type MediaAnswer,
  type NetworkOperation,
  type NetworkSend,
  type PairingAnswer,
  type PhoneNetwork,
  type SendAnswer,
} from './phone-network.ts';
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
      const failed = (reason: string): void => {
        reject(new ConnectionLost(reason));
        connection.cut(reason);
      };
      socket.on('open', () => socket.send(JSON.stringify({ hello: { session, credential } } satisfies DeviceFrame)));
      socket.on('message', (data) => {
        const frame = JSON.parse((data as Buffer).toString('utf8')) as NetworkFrame;
        if ('connected' in frame) {
          resolve(connection);
          // The caller has its connection before the first event.
          setImmediate(() => connection.begin());
        } else if ('refused' in frame) failed(frame.refused);
        else connection.receive(frame);
      });
      socket.on('error', () => failed('the simulated network cannot be reached'));
      socket.on('close', () => failed('the simulated connection broke'));
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
      const call = request(new URL(path, this.#url), { method }, (response) => {
        if (response.statusCode === 200) return resolve(response);
        jsonOf(response).then((failure) => reject(fromWire((failure as { error: WireError }).error)), reject);
      });
      call.on('error', reject);
      if (body) body.on('error', (error) => call.destroy(error)).pipe(call);
      else call.end();
    });
  }
}

class RemoteDeviceConnection implements DeviceConnection {
  readonly #socket: WebSocket;
  readonly #listener: (event: DeviceEvent) => void;
  readonly #asked = new Map<number, { resolve: (value: never) => void; reject: (error: ConnectionLost) => void }>();
  #open = true;
  /** Frames that came before the caller had its connection; null from then on. */
  #early: NetworkFrame[] | null = [];
  #count = 0;

  constructor(socket: WebSocket, listener: (event: DeviceEvent) => void) {
    this.#socket = socket;
    this.#listener = listener;
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
      if (frame.cut === undefined) asked?.resolve(frame.value as never);
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

  online(): void {
    this.#sendFrame({ online: true });
  }

  confirm(number: number): void {
    this.#sendFrame({ confirm: number });
  }

  send(message: NetworkSend): Promise<SendAnswer> {
    return this.#ask('send', message);
  }

  perform(operation: NetworkOperation): Promise<OperationAnswer> {
    return this.#ask('perform', operation);
  }

  sendStatus(messageId: MessageId): Promise<SendStatus> {
    return this.#ask('sendStatus', messageId);
  }

  resolve(chatId: ChatId): Promise<Address | null> {
    return this.#ask('resolve', chatId);
  }

  media(messageId: MessageId): Promise<MediaAnswer> {
    return this.#ask('media', messageId);
  }

  pair(phone: string): Promise<PairingAnswer> {
    return this.#ask('pair', phone);
  }

  async unlink(): Promise<void> {
    await this.#ask('unlink');
  }

  close(): void {
    if (this.#open) this.#end('the device closed the connection');
  }

  #ask<T>(what: Question, about?: unknown): Promise<T> {
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

/** WhatsApp's WebSocket: who is at the other end, and what each frame of a page leads to. */
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { Account } from './account.ts';
import type { Connection, Device } from './device.ts';
import type { PageFrame, PageRequest, ServerFrame } from './frames.ts';
import type { Linking } from './linking.ts';
import type { MediaStore } from './media-store.ts';
import type { Network } from './network.ts';
import type { Pages } from './pages.ts';

interface Linked {
  readonly account: Account;
  readonly device: Device;
}

export class ChatServer {
  readonly #network: Network;
  readonly #linking: Linking;
  readonly #media: MediaStore;
  readonly #pages: Pages;
  /** As whom each connection said hello, also after a newer one took its place. */
  readonly #linked = new Map<Connection, Linked>();

  constructor(network: Network, linking: Linking, media: MediaStore, pages: Pages) {
    this.#network = network;
    this.#linking = linking;
    this.#media = media;
    this.#pages = pages;
  }

  welcome(socket: WebSocket): void {
    let muted = false;
    let connection: Connection | null = null;
    const open = (page: string): Connection => ({
      page,
      send: (frame: ServerFrame) => {
        if (!muted && socket.readyState === socket.OPEN) socket.send(JSON.stringify(frame));
      },
      drop: () => socket.terminate(),
      mute: () => void (muted = true),
    });
    socket.on('message', (data: Buffer) => {
      if (muted) return;
      const frame = JSON.parse(data.toString()) as PageFrame;
      if (frame.type === 'hello') {
        connection = open(frame.page);
        this.#hello(connection, frame.credential);
      } else if (connection) this.#handle(frame, connection);
    });
    // A killed browser resets its connections; what follows from that is done at `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      if (!connection) return;
      this.#linking.forget(connection);
      this.#linked.get(connection)?.device.disconnect(connection);
      this.#linked.delete(connection);
      const page = this.#pages.get(connection.page);
      if (page?.connection === connection) page.connection = null;
    });
  }

  /** Makes the page at the other end a linked device of an account. */
  link(connection: Connection, account: Account): void {
    const device = this.#network.link(account);
    this.#linked.set(connection, { account, device });
    device.connect(connection);
    device.tell({ type: 'paired', credential: device.credential, account: this.#network.profileOf(account) });
    this.#network.events.emit('linked', account, device);
  }

  #hello(connection: Connection, credential: string | null): void {
    const page = this.#pages.get(connection.page);
    if (page) page.connection = connection;
    const linked = credential === null ? undefined : this.#network.findDevice(credential);
    const blocked = linked?.account.blocked ?? this.#network.blocksPages;
    if (blocked) connection.send({ type: 'blocked', state: blocked });
    else if (linked) this.#connect(connection, linked);
    else if (credential === null) {
      this.#linking.show(connection);
      this.#network.events.emit('waiting', 'a page waits to be linked');
    } else connection.send({ type: 'logout' });
  }

  #connect(connection: Connection, linked: Linked): void {
    const { account, device } = linked;
    this.#linked.set(connection, linked);
    device.connect(connection);
    device.tell({ type: 'welcome', account: this.#network.profileOf(account), backlog: device.backlog });
    this.#network.events.emit('page');
  }

  #handle(frame: Exclude<PageFrame, { type: 'hello' }>, connection: Connection): void {
    const linked = this.#linked.get(connection);
    if ('request' in frame) return void this.#answer(frame, connection, linked);
    if (frame.type === 'refresh') return linked ? undefined : this.#linking.show(connection);
    if (!linked) return;
    if (frame.type === 'takeover') return this.#connect(connection, linked);
    if (!linked.device.uses(connection)) return;
    const { account, device } = linked;
    if (frame.type === 'send') this.#network.requests.send(account, device, frame.message);
    else if (frame.type === 'got') device.confirm(frame.number);
    else this.#network.requests.handle(account, device, frame);
  }

  async #answer(frame: PageRequest, connection: Connection, linked: Linked | undefined): Promise<void> {
    if (this.#network.answerDelayMs > 0) await wait(this.#network.answerDelayMs);
    if (this.#network.losesAnswers) return;
    const answer = await this.#answerTo(frame, connection, linked);
    if (answer !== undefined) connection.send({ type: 'answer', request: frame.request, answer });
  }

  /** Undefined where the server stays silent. */
  async #answerTo(frame: PageRequest, connection: Connection, linked: Linked | undefined): Promise<unknown> {
    switch (frame.type) {
      case 'exists':
        return this.#network.find(frame.wid)?.card ?? null;
      case 'reupload':
        return this.#media.reupload(frame.directPath);
      case 'pairing':
        try {
          const code = this.#linking.code(connection, frame.phone);
          if (frame.notify) this.#network.events.emit('pairing', frame.phone, code);
          return { code };
        } catch (error) {
          return { error: (error as Error).message };
        }
      case 'unlink':
        if (linked) linked.account.devices.delete(linked.device);
        return true;
      case 'react':
      case 'edit':
      case 'revoke':
      case 'vote':
        return linked && this.#network.requests.applyAction(linked.account, linked.device, frame);
    }
  }
}

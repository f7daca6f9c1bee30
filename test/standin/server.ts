/** The server of the stand-in: the page, its WebSocket and its media, over TLS on loopback. */
import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Account } from './account.ts';
import { makeCertificate } from './certificate.ts';
import type { Connection, Device } from './device.ts';
import type { PageFrame, ServerFrame, WireMedia } from './frames.ts';
import { Network } from './network.ts';
import { pageSettings, type PageSettings } from './page-settings.ts';

const HOST = 'web.whatsapp.com';
const PAGE_FOLDER = new URL('./page/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', html: 'text/html' };

/** A page without an account: it shows a QR with this ref. */
interface Unlinked {
  readonly connection: Connection;
  shown: number;
  timer: NodeJS.Timeout | undefined;
}

export class Standin {
  readonly network = new Network();
  readonly page: PageSettings = pageSettings();
  /** How long one QR is valid, and after how many the page stops renewing it by itself. */
  readonly qr = { lifetimeMs: 20_000, renewals: 6 };
  readonly #media = new Map<string, { bytes: Buffer; mimetype: string }>();
  readonly #unlinked = new Map<string, Unlinked>();
  #server: Server | undefined;
  #sockets: WebSocketServer | undefined;
  #pin = '';

  async start(port = 0): Promise<void> {
    const { key, cert, pin } = await makeCertificate(HOST);
    this.#pin = pin;
    this.#server = createServer({ key, cert }, (request, response) => {
      this.#serve(request, response).catch(() => response.writeHead(500).end());
    });
    this.#sockets = new WebSocketServer({ server: this.#server, path: '/ws/chat' });
    this.#sockets.on('connection', (socket) => this.#welcome(socket));
    await new Promise<void>((resolve, reject) => {
      this.#server?.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  async stop(): Promise<void> {
    for (const { timer } of this.#unlinked.values()) clearTimeout(timer);
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    this.#sockets?.close();
    this.#server?.closeAllConnections();
    await new Promise((resolve) => this.#server?.close(resolve) ?? resolve(undefined));
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo).port;
  }

  /** What makes Chromium take this server for WhatsApp Web, and reach nothing else. */
  get browserArgs(): readonly string[] {
    return [
      `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${this.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${this.#pin}`,
    ];
  }

  /**
   * A person scans a QR with an account's phone.
   *
   * @param code the text of the QR (`ref,noise key,identity key,adv key,platform`)
   */
  scan(code: string, account: Account): void {
    const ref = code.split(',')[0] ?? '';
    const waiting = this.#unlinked.get(ref);
    if (!waiting) throw new Error('no page shows this QR any more');
    this.#forget(ref);
    const device = this.network.link(account);
    device.connect(waiting.connection);
    device.tell({ type: 'paired', credential: device.credential, account: this.network.profileOf(account) });
    this.network.events.emit('linked', account, device);
  }

  /** Puts a file where the page downloads media from. */
  storeMedia(bytes: Buffer, mimetype: string, filename?: string): WireMedia {
    const directPath = `/mms/${randomBytes(12).toString('hex')}`;
    this.#media.set(directPath, { bytes, mimetype });
    const filehash = createHash('sha256').update(bytes).digest('base64');
    return {
      directPath,
      mimetype,
      size: bytes.length,
      ...(filename === undefined ? {} : { filename }),
      filehash,
      encFilehash: filehash,
      mediaKey: randomBytes(32).toString('base64'),
      mediaKeyTimestamp: Math.floor(Date.now() / 1000),
    };
  }

  /** The bytes behind a medium; undefined once they are gone. */
  mediaBytes(directPath: string): Buffer | undefined {
    return this.#media.get(directPath)?.bytes;
  }

  /** WhatsApp keeps media for a while only: from now on the download answers 404. */
  expireMedia(directPath: string): void {
    this.#media.delete(directPath);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? '/', `https://${HOST}`);
    if (pathname === '/mms' && request.method === 'POST') {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { directPath } = this.storeMedia(
        Buffer.concat(chunks),
        request.headers['content-type'] ?? 'application/octet-stream',
      );
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ directPath }));
    } else if (pathname.startsWith('/mms/')) {
      const stored = this.#media.get(pathname);
      if (stored) response.writeHead(200, { 'content-type': stored.mimetype }).end(stored.bytes);
      else response.writeHead(404).end();
    } else if (pathname === '/') {
      const page = await readFile(new URL('index.html', PAGE_FOLDER), 'utf8');
      response.writeHead(200, { 'content-type': 'text/html', 'cache-control': 'no-store' });
      response.end(page.replace('/*STANDIN*/ {}', JSON.stringify(this.page)));
    } else {
      const file = /^\/page\/([a-z-]+\.(js|html))$/.exec(pathname);
      if (!file) return void response.writeHead(404).end();
      response.writeHead(200, { 'content-type': TYPES[file[2] as string], 'cache-control': 'no-store' });
      response.end(await readFile(new URL(file[1] as string, PAGE_FOLDER)));
    }
  }

  #welcome(socket: WebSocket): void {
    const connection: Connection = {
      send: (frame: ServerFrame) => socket.send(JSON.stringify(frame)),
      drop: () => socket.terminate(),
    };
    socket.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as PageFrame;
      if (frame.type === 'hello') {
        const linked = frame.credential === null ? undefined : this.network.findDevice(frame.credential);
        if (linked) {
          linked.device.connect(connection);
          const { account, device } = linked;
          device.tell({ type: 'welcome', account: this.network.profileOf(account), backlog: device.backlog });
        } else if (frame.credential === null) this.#show(connection);
        else connection.send({ type: 'logout' });
        return;
      }
      if (frame.type === 'refresh') this.#show(connection);
      const linked = this.#linkedOver(connection);
      if (linked) this.#handle(frame, linked.account, linked.device, connection);
    });
    // A killed browser resets its connections; what follows from that is done at `close`.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      for (const [ref, waiting] of this.#unlinked) if (waiting.connection === connection) this.#forget(ref);
      this.#linkedOver(connection)?.device.disconnect(connection);
    });
  }

  #linkedOver(connection: Connection): { account: Account; device: Device } | undefined {
    for (const account of this.network.accounts) {
      for (const device of account.devices) if (device.uses(connection)) return { account, device };
    }
    return undefined;
  }

  #handle(frame: PageFrame, account: Account, device: Device, connection: Connection): void {
    if (frame.type === 'send') this.network.sendFrom(account, device, frame.message);
    else if (frame.type === 'got') device.confirm(frame.number);
    else if (frame.type === 'seen') this.network.seen(account, frame.chat, device);
    else if (frame.type === 'exists') {
      const found = this.network.find(frame.wid);
      connection.send({ type: 'answer', request: frame.request, answer: found ? found.card : null });
    } else if (frame.type === 'unlink') {
      account.devices.delete(device);
      connection.send({ type: 'answer', request: frame.request, answer: true });
    }
  }

  /** Shows a QR on an unlinked page, and the next ones, until the page has to ask for more. */
  #show(connection: Connection): void {
    const waiting: Unlinked = { connection, shown: 0, timer: undefined };
    let ref = '';
    const next = (): void => {
      this.#unlinked.delete(ref);
      if (waiting.shown++ >= this.qr.renewals) return connection.send({ type: 'idle' });
      ref = `2@${randomBytes(24).toString('base64url')}`;
      this.#unlinked.set(ref, waiting);
      connection.send({ type: 'ref', ref });
      waiting.timer = setTimeout(next, this.qr.lifetimeMs);
    };
    next();
  }

  #forget(ref: string): void {
    const waiting = this.#unlinked.get(ref);
    clearTimeout(waiting?.timer);
    this.#unlinked.delete(ref);
  }
}

/** The stand-in as a whole: the server of the page, its WebSockets and its media, over TLS on loopback. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createListener, type Server as Listener, type Socket } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Account } from './account.ts';
import { makeCertificate } from './certificate.ts';
import { ChatServer } from './chat-server.ts';
import type { WireMedia } from './frames.ts';
import { Linking } from './linking.ts';
import { MediaStore } from './media-store.ts';
import { Network } from './network.ts';
import { pageSettings, type PageSettings } from './page-settings.ts';
import { type OpenPage, Pages } from './pages.ts';

const HOST = 'web.whatsapp.com';
const PAGE_FOLDER = new URL('./page/', import.meta.url);
const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', html: 'text/html' };

export class Standin {
  readonly network = new Network();
  readonly page: PageSettings = pageSettings();
  readonly media = new MediaStore();
  readonly pages = new Pages(this.network.events);
  readonly #linking = new Linking();
  readonly #chat = new ChatServer(this.network, this.#linking, this.media, this.pages);
  #server: Server | undefined;
  /** Takes the connections for the server, so that they can also be left without an answer. */
  #listener: Listener | undefined;
  readonly #open = new Set<Socket>();
  /** Connections that are left without an answer; null while the network works. */
  #swallowed: Socket[] | null = null;
  #sockets: WebSocketServer | undefined;
  #pin = '';
  #port = 0;
  /** What the server answers instead of the page; 200 for the page itself. */
  pageStatus = 200;

  async start(port = 0): Promise<void> {
    const { key, cert, pin } = await makeCertificate(HOST);
    this.#pin = pin;
    this.#server = createServer({ key, cert }, (request, response) => {
      this.#serve(request, response).catch(() => {
        if (!response.headersSent) response.writeHead(500);
        response.end();
      });
    });
    this.#listener = createListener((socket) => this.#connecting(socket));
    this.#sockets = new WebSocketServer({ server: this.#server, maxPayload: 64 * 1024 * 1024 });
    this.#sockets.on('connection', (socket, request) => this.#connected(socket, request));
    await this.#listen(port);
  }

  async stop(): Promise<void> {
    this.#linking.stop();
    this.#sockets?.close();
    await this.goAway();
  }

  /** The network is away: what is open breaks off, and nothing can be reached until `comeBack`. */
  async goAway(): Promise<void> {
    if (!this.#listener?.listening) return;
    this.#port = this.port;
    this.#swallowed = null;
    const closed = new Promise((resolve) => this.#listener?.close(resolve));
    this.#breakOff();
    await closed;
  }

  /** What is open breaks off, and whatever tries again is neither refused nor answered until `comeBack`. */
  swallowEverything(): void {
    this.#swallowed ??= [];
    this.#breakOff();
  }

  /** The network is back: after `swallowEverything` the packets arrive late. */
  async comeBack(): Promise<void> {
    const late = this.#swallowed;
    this.#swallowed = null;
    if (!late) return this.#listen(this.#port);
    for (const socket of late) if (!socket.destroyed) this.#server?.emit('connection', socket);
  }

  get port(): number {
    return (this.#listener?.address() as AddressInfo | null)?.port ?? this.#port;
  }

  /** What makes Chromium take this server for WhatsApp Web, and reach nothing else. */
  get browserArgs(): readonly string[] {
    return [
      `--host-resolver-rules=MAP ${HOST}:443 127.0.0.1:${this.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1`,
      `--ignore-certificate-errors-spki-list=${this.#pin}`,
    ];
  }

  /** How long a QR is valid, and how often the page renews it by itself. */
  get qr(): Linking['qr'] {
    return this.#linking.qr;
  }

  /** How long a pairing code is valid, and the server's refusal to give one. */
  get pairing(): Linking['pairing'] {
    return this.#linking.pairing;
  }

  /**
   * A person scans a QR with an account's phone.
   *
   * @param code the text of the QR (`ref,noise key,identity key,adv key,platform`)
   * @throws Error where no page shows this QR any more
   */
  scan(code: string, account: Account): void {
    this.#chat.link(this.#linking.scan(code), account);
  }

  /** A person types a pairing code into an account's phone. @throws Error for a code that the phone does not accept */
  enterCode(code: string, account: Account): void {
    this.#chat.link(this.#linking.enter(code, account.phone), account);
  }

  /** Links the page that began to wait last, whatever it shows. @throws Error where none waits */
  linkNewest(account: Account): void {
    this.#chat.link(this.#linking.newest(), account);
  }

  /** The page that is linked as an account and connected. @throws Error where there is none */
  pageOf(account: Account): OpenPage {
    const page = this.openPageOf(account);
    if (!page) throw new Error(`no page is connected as ${account.name}`);
    return page;
  }

  openPageOf(account: Account): OpenPage | undefined {
    return [...account.devices].map(({ page }) => this.pages.get(page)).find((page) => page !== undefined);
  }

  /** Puts a file where the page downloads media from. */
  storeMedia(bytes: Buffer, mimetype: string, filename?: string): WireMedia {
    return this.media.store(bytes, mimetype, filename);
  }

  /** The bytes behind a medium; undefined once they are gone. */
  mediaBytes(directPath: string): Buffer | undefined {
    return this.media.bytes(directPath);
  }

  /** WhatsApp keeps media for a while only: from now on the download answers 404. */
  expireMedia(directPath: string): void {
    this.media.expire(directPath);
  }

  #listen(port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#listener?.once('error', reject).listen(port, '127.0.0.1', resolve);
    });
  }

  #connecting(socket: Socket): void {
    this.#open.add(socket);
    socket.on('error', () => undefined).once('close', () => this.#open.delete(socket));
    if (this.#swallowed) this.#swallowed.push(socket);
    else this.#server?.emit('connection', socket);
  }

  #breakOff(): void {
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    for (const socket of this.#open) socket.destroy();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', `https://${HOST}`);
    const noStore = { 'cache-control': 'no-store' };
    if (pathname === '/mms' && request.method === 'POST') return this.media.upload(request, response);
    if (pathname.startsWith('/mms/')) return this.media.download(pathname, request, response);
    if (pathname === '/standin/wait') {
      await this.pages.get(searchParams.get('page'))?.rests(Number(searchParams.get('ms')));
      return void response.writeHead(200, noStore).end();
    }
    if (pathname === '/') {
      if (this.pageStatus !== 200) return void response.writeHead(this.pageStatus, noStore).end();
      const page = await readFile(new URL('index.html', PAGE_FOLDER), 'utf8');
      response.writeHead(200, { 'content-type': 'text/html', ...noStore });
      return void response.end(
        page.replace('/*STANDIN*/ {}', () => JSON.stringify({ ...this.page, page: randomUUID() })),
      );
    }
    const file = /^\/page\/([a-z-]+\.(js|html))$/.exec(pathname);
    if (!file) return void response.writeHead(404).end();
    response.writeHead(200, { 'content-type': TYPES[file[2] as string], ...noStore });
    response.end(await readFile(new URL(file[1] as string, PAGE_FOLDER)));
  }

  #connected(socket: WebSocket, request: IncomingMessage): void {
    const { pathname, searchParams } = new URL(request.url ?? '/', `https://${HOST}`);
    if (pathname === '/ws/chat') this.#chat.welcome(socket);
    else if (pathname === '/ws/standin')
      this.pages.opened(searchParams.get('page') ?? '', socket, request.socket.remotePort ?? 0);
    else socket.close();
  }
}

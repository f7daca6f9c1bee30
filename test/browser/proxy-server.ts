/** Small proxies that lead every connection to one place, as the only way out of a browser under test. */
import { createServer as createHttp, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { connect, createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { makeCertificate } from '../standin/certificate.ts';

export class ProxyServer {
  /** `host:port` of every connection that was asked for, and how many were turned away for want of a login. */
  readonly asked: string[] = [];
  refused = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => this.#sockets.delete(socket));
    });
  }

  /** An http proxy that leads to a port of this machine. @param login `user:password` that it demands */
  static async http(target: number, login: string | null = null): Promise<ProxyServer> {
    return ProxyServer.#connecting(createHttp(NO_PLAIN_HTTP), target, login);
  }

  /** The same over TLS, with the pin by which Chromium accepts its certificate. */
  static async https(target: number, login: string | null = null): Promise<{ proxy: ProxyServer; pin: string }> {
    const { key, cert, pin } = await makeCertificate('127.0.0.1');
    return { proxy: await ProxyServer.#connecting(createHttps({ key, cert }, NO_PLAIN_HTTP), target, login), pin };
  }

  static async #connecting(server: Server, target: number, login: string | null): Promise<ProxyServer> {
    const proxy = new ProxyServer(server);
    const wanted = login === null ? null : `Basic ${Buffer.from(login).toString('base64')}`;
    server.on('connect', (request: IncomingMessage, socket: Socket) => {
      if (wanted !== null && request.headers['proxy-authorization'] !== wanted) {
        proxy.refused += 1;
        socket.end('HTTP/1.1 407 Who are you\r\nProxy-Authenticate: Basic realm="test"\r\nContent-Length: 0\r\n\r\n');
        return;
      }
      proxy.#lead(socket, request.url ?? '', target, 'HTTP/1.1 200 Go\r\n\r\n');
    });
    return proxy.#listening();
  }

  /** A SOCKS5 proxy without login (RFC 1928): greeting, request with a host name, then bytes both ways. */
  static async socks5(target: number): Promise<ProxyServer> {
    const server = createTcp();
    const proxy = new ProxyServer(server);
    server.on('connection', (socket: Socket) => {
      socket.once('data', () => {
        socket.write(Buffer.from([5, 0]));
        socket.once('data', (request) => {
          const length = request[4] ?? 0;
          const host = request.subarray(5, 5 + length).toString();
          const granted = Buffer.from([5, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
          proxy.#lead(socket, `${host}:${request.readUInt16BE(5 + length)}`, target, granted);
        });
      });
    });
    return proxy.#listening();
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #lead(socket: Socket, asked: string, port: number, granted: string | Buffer): void {
    this.asked.push(asked);
    const onwards = connect(port, '127.0.0.1', () => socket.write(granted));
    this.#sockets.add(onwards);
    onwards.on('error', () => socket.destroy()).on('close', () => this.#sockets.delete(onwards));
    socket.on('error', () => onwards.destroy());
    socket.pipe(onwards).pipe(socket);
  }

  async #listening(): Promise<this> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }
}

const NO_PLAIN_HTTP: RequestListener = (_, response) => void response.writeHead(405).end();

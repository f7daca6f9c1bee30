/**
 * Every socket of a listener, and which of them are still owed an answer. A stop waits for those alone: a client that is
 * slow with its headers, or was refused and does not leave, would otherwise hold it up.
 */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import plugin from 'fastify-plugin';

/** How long a stop waits for requests that are being answered, in milliseconds. */
const GRACE_MS = 5_000;

/** Limits that node enforces on its own, in milliseconds; the first default is a minute, checked every half minute. */
export const connectionLimits = { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 } as const;

export class Connections {
  /** By the client's address: over TLS the encrypted socket takes the place of the bare one after the handshake. */
  readonly #sockets = new Map<string, Socket>();
  /** Answers that a socket is owed; a socket that was handed over counts as one for as long as it lives. */
  readonly #owed = new Map<Duplex, number>();
  #isClosing = false;

  /** Begins to follow the sockets of a server. */
  follow(server: Server): void {
    server.on('connection', (socket: Socket) => this.#add(socket));
    server.on('secureConnection', (socket: Socket) => this.#add(socket));
    server.on('request', (request: IncomingMessage, response: ServerResponse) => this.owe(request.socket, response));
  }

  /** Notes that a socket is owed an answer, until that is written or its client has gone. */
  owe(socket: Duplex, response: ServerResponse): void {
    this.#owed.set(socket, (this.#owed.get(socket) ?? 0) + 1);
    let isSettled = false;
    const settle = (): void => {
      if (isSettled) return;
      isSettled = true;
      const left = (this.#owed.get(socket) ?? 1) - 1;
      if (left > 0) this.#owed.set(socket, left);
      else this.#owed.delete(socket);
      if (this.#isClosing) this.#closeIfIdle(socket);
    };
    response.once('finish', settle).once('close', settle);
  }

  /** A stream has taken the socket over, and closes it in its own way. */
  handOver(socket: Duplex): void {
    this.#owed.set(socket, Infinity);
  }

  /** Closes what is owed nothing at once, the rest once it was answered, and everything after a while. */
  close(graceMs = GRACE_MS): void {
    this.#isClosing = true;
    for (const socket of this.#sockets.values()) this.#closeIfIdle(socket);
    setTimeout(() => this.#cut(), graceMs).unref();
  }

  #add(socket: Socket): void {
    const client = `${socket.remoteAddress} ${socket.remotePort}`;
    this.#sockets.set(client, socket);
    socket.once('close', () => {
      if (this.#sockets.get(client) === socket) this.#sockets.delete(client);
      this.#owed.delete(socket);
    });
    if (this.#isClosing) socket.destroy();
  }

  #closeIfIdle(socket: Duplex): void {
    if (this.#owed.has(socket)) return;
    // What was written is sent; a client that does not read it is cut after the grace.
    if (socket.writableLength > 0) socket.end(() => socket.destroy());
    else socket.destroy();
  }

  #cut(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

declare module 'fastify' {
  interface FastifyInstance {
    connections: Connections;
  }
}

const install = (app: FastifyInstance, _options: object, done: () => void): void => {
  const connections = new Connections();
  connections.follow(app.server);
  app.decorate('connections', connections);
  app.addHook('preClose', (closed) => {
    connections.close();
    closed();
  });
  done();
};

export const connections = plugin(install, { name: 'connections' });

/**
 * Lets upgrade requests run through the router like any other request, so that signature, scopes, error answers and
 * access log are the same code. A handler takes the socket over with `takeSocket`.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { announcesBody } from '../../auth/request-head.ts';
import { closeSocket } from '../../ops/close-socket.ts';
import { http } from '../../ops/node-http.ts';

interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}
const upgradeOf = new WeakMap<IncomingMessage, Upgrade>();

/**
 * A request that is an upgrade only if it asks for a WebSocket, with GET and without a body. Node takes any `Upgrade`
 * header for one as soon as somebody listens for upgrades, and what would have been the body is then never parsed: a
 * client that offers `h2c` could not send a message. (`shouldUpgradeCallback` does the same, but came after Node 22.13.)
 */
export class PossibleUpgrade extends http.IncomingMessage {
  #offered: boolean | null | undefined;

  /** Node writes it when the headers are read, and reads it to choose between `request` and `upgrade`. */
  get upgrade(): boolean | null {
    return this.#offered === true ? this.#asksForWebSocket() : (this.#offered ?? null);
  }

  set upgrade(offered: boolean | null) {
    // The constructor of the parent writes it before this class has its field.
    if (#offered in this) this.#offered = offered;
  }

  #asksForWebSocket(): boolean {
    const { upgrade = '', 'content-length': length, 'transfer-encoding': encoding } = this.headers;
    return this.method === 'GET' && !announcesBody(encoding, length) && upgrade.toLowerCase() === 'websocket';
  }
}

const install = (app: FastifyInstance, _options: object, done: () => void): void => {
  app.server.on('upgrade', (raw: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgradeOf.set(raw, { socket, head });
    const response = new http.ServerResponse(raw);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as Socket);
    app.connections.owe(socket, response);
    // Refused: the answer is written, and a client that asked for an upgrade expects the end of the connection.
    response.once('finish', () => {
      response.detachSocket(socket as Socket);
      closeSocket(socket);
    });
    app.routing(raw, response);
  });
  done();
};

export const upgrades = plugin(install, { name: 'upgrades', dependencies: ['connections'] });

/** Takes the socket of an upgrade request over; null if the request asked for no upgrade. */
export function takeSocket(request: FastifyRequest, reply: FastifyReply): Upgrade | null {
  const upgrade = upgradeOf.get(request.raw);
  if (upgrade === undefined) return null;
  reply.hijack();
  reply.raw.detachSocket(upgrade.socket as Socket);
  request.server.connections.handOver(upgrade.socket);
  return upgrade;
}

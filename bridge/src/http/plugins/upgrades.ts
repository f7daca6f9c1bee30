/**
 * Lets upgrade requests run through the router like any other request, so that signature, scopes, error answers and
 * access log are the same code. A handler takes the socket over with `takeSocket`.
 */
import { ServerResponse, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import plugin from 'fastify-plugin';
import { closeSocket } from '../../ops/close-socket.ts';

interface Upgrade {
  readonly socket: Duplex;
  readonly head: Buffer;
}
const upgradeOf = new WeakMap<IncomingMessage, Upgrade>();

const install = (app: FastifyInstance, _options: object, done: () => void): void => {
  app.server.on('upgrade', (raw: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgradeOf.set(raw, { socket, head });
    const response = new ServerResponse(raw);
    response.shouldKeepAlive = false;
    response.assignSocket(socket as never);
    app.connections.owe(socket, response);
    // Refused: the answer is written, and a client that asked for an upgrade expects the end of the connection.
    response.once('finish', () => {
      response.detachSocket(socket as never);
      closeSocket(socket);
    });
    app.routing(raw, response);
  });
  done();
};

export const upgrades = plugin(install, { name: 'upgrades', dependencies: ['connections'] });

/** Takes the socket of an upgrade request over; null where the request asked for no upgrade. */
export function takeSocket(request: FastifyRequest, reply: FastifyReply): Upgrade | null {
  const upgrade = upgradeOf.get(request.raw);
  if (upgrade === undefined) return null;
  reply.hijack();
  reply.raw.detachSocket(upgrade.socket as never);
  request.server.connections.handOver(upgrade.socket);
  return upgrade;
}

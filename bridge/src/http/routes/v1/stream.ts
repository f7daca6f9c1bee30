/** The WebSocket stream. The upgrade is signed like any other request; the protocol is in `stream/`. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { WabError } from '../../../contract/errors.ts';
import { principalOf } from '../../access.ts';
import type { AppServices } from '../../app.ts';
import { takeSocket } from '../../plugins/upgrades.ts';
import { answers } from '../schemas.ts';

type Needs = { services: Pick<AppServices, 'stream'> };

export const streamRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { services: { stream } }) => {
  app.get(
    '/stream',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'openStream',
        summary: 'Open the event stream (WebSocket, subprotocol wabridge.v1)',
        tags: ['events'],
        response: answers({ 101: { description: 'The protocol is switched to WebSocket' } }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const upgrade = takeSocket(request, reply);
      if (upgrade === null)
        throw new WabError('WAB_INVALID_REQUEST', {
          reason: 'this is a WebSocket; ask for it with Upgrade: websocket',
        });
      stream.accept(request.raw, upgrade.socket, upgrade.head, principal);
      return reply;
    },
  );
};

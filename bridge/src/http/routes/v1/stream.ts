/** The WebSocket stream. The upgrade is signed like any other request; the protocol is in `stream/`. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { WabError } from '../../../contract/errors.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { takeSocket } from '../../plugins/upgrades.ts';
import { answers } from '../schemas.ts';

/** What the stream itself refuses is said in plain text. */
const plain = (description: string) => ({ description, content: { 'text/plain': { schema: Type.String() } } });

type Needs = { deps: Pick<AppDependencies, 'stream'> };

export const streamRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { stream } }) => {
  app.get(
    '/stream',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'openStream',
        summary: 'Open the event stream (WebSocket, subprotocol wabridge.v1)',
        tags: ['events'],
        response: answers({
          101: { description: 'The protocol is switched to WebSocket' },
          400: plain(
            'The subprotocol wabridge.v1 was not offered, or the handshake is not valid; or a problem as below',
          ),
          429: plain('The key has reached its limit of open streams'),
          503: plain('The bridge has reached its limit of open streams, or is shutting down; or a problem as below'),
        }),
      },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const upgrade = takeSocket(request, reply);
      if (upgrade === null) {
        // Many a WebSocket client is not told why its upgrade was refused, and asks like this.
        const refusal = stream.refusal(principal);
        if (refusal !== null) return reply.code(refusal.status).type('text/plain').send(refusal.reason);
        throw new WabError('WAB_INVALID_REQUEST', {
          reason: 'this is a WebSocket endpoint; request it with Upgrade: websocket',
        });
      }
      stream.accept(request.raw, upgrade.socket, upgrade.head, principal);
      return reply;
    },
  );
};

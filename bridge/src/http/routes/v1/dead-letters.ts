/** Events that a subscription gave up on: look, deliver again, or discard. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Principal } from '../../../auth/keys.ts';
import { DEFAULT_LIST_LIMIT } from '../../../contract/defaults.ts';
import { DEAD_LETTER_ID_PATTERN, type DeadLetterId } from '../../../contract/ids.ts';
import { listOf, object } from '../../../contract/schema.ts';
import { DeadLetterView } from '../../../contract/views/dead-letter.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty, limitOf } from '../schemas.ts';

const Params = object({ id: Type.String({ pattern: DEAD_LETTER_ID_PATTERN }) });
const Query = object({
  before: Type.Optional(Type.String({ pattern: DEAD_LETTER_ID_PATTERN })),
  limit: limitOf(DEFAULT_LIST_LIMIT),
});

type Needs = { deps: Pick<AppDependencies, 'stream'> };

export const deadLetterRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { stream } }) => {
  const tags = ['dead letters'];
  const config = { scope: 'events:manage' } as const;

  app.get(
    '/dead-letters',
    {
      config,
      schema: {
        operationId: 'listDeadLetters',
        summary: 'List dead letters, newest first',
        tags,
        querystring: Query,
        response: answers({ 200: object({ deadLetters: listOf(DeadLetterView) }) }),
      },
    },
    async (request) => {
      const { limit = DEFAULT_LIST_LIMIT, before } = request.query;
      const page = { limit, before: before as DeadLetterId | undefined };
      return { deadLetters: await stream.deadLetters(principalOf(request), page) };
    },
  );

  const operations = [
    {
      method: 'POST',
      url: '/dead-letters/:id/redrive',
      operationId: 'redriveDeadLetter',
      summary: 'Deliver the event again',
      operation: (id: DeadLetterId, principal: Principal) => stream.redrive(id, principal),
    },
    {
      method: 'DELETE',
      url: '/dead-letters/:id',
      operationId: 'discardDeadLetter',
      summary: 'Discard a dead letter',
      operation: (id: DeadLetterId, principal: Principal) => stream.discard(id, principal),
    },
  ] as const;
  for (const { method, url, operationId, summary, operation } of operations) {
    app.route({
      method,
      url,
      config,
      schema: { operationId, summary, tags, params: Params, response: answers({ 204: Empty }) },
      handler: async (request, reply) => {
        await operation(request.params.id as DeadLetterId, principalOf(request));
        return reply.code(204).send(null);
      },
    });
  }
};

/** Durable subscriptions, as an operator sees them. A key sees those of which it may see all. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { Filter } from '../../../contract/filter.ts';
import { SUBSCRIPTION_NAME_PATTERN, type SubscriptionName } from '../../../contract/ids.ts';
import { listOf, nullable, object, Timestamp } from '../../../contract/schema.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty } from '../schemas.ts';

const Subscription = object(
  {
    name: Type.String(),
    filter: Filter,
    sessions: nullable(
      Type.Unsafe<readonly string[]>(
        Type.Array(Type.String(), {
          description:
            'the sessions whose events it may contain, null for all; a key needs access to every one of them to use the subscription',
        }),
      ),
    ),
    connected: Type.Boolean(),
    cursor: Type.String({ description: 'acknowledged up to here without gaps' }),
    waiting: Type.Integer({ description: 'number of waiting events, counted up to 10,000' }),
    inFlight: Type.Integer(),
    blockedBy: nullable(
      Type.String({ description: 'the chat whose event is still being processed while others wait; digits masked' }),
    ),
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    pausedAt: nullable(
      Type.String({ format: 'date-time', description: 'since when it collects no events, because nobody reads it' }),
    ),
    takeovers: Type.Integer({ description: 'how often a newer connection took it over from an older one' }),
  },
  { $id: 'Subscription' },
);
const Params = object({ name: Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }) });

type Needs = { deps: Pick<AppDependencies, 'stream'> };

export const subscriptionRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { stream } }) => {
  const tags = ['subscriptions'];

  app.get(
    '/subscriptions',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'listSubscriptions',
        summary: 'List durable subscriptions',
        tags,
        response: answers({ 200: object({ subscriptions: listOf(Subscription) }) }),
      },
    },
    async (request) => ({ subscriptions: await stream.subscriptions(principalOf(request)) }),
  );

  app.delete(
    '/subscriptions/:name',
    {
      config: { scope: 'events:manage' },
      schema: {
        operationId: 'deleteSubscription',
        summary: 'Delete a subscription; its connection is closed',
        tags,
        params: Params,
        response: answers({ 204: Empty }),
      },
    },
    async (request, reply) => {
      await stream.deleteSubscription(request.params.name as SubscriptionName, principalOf(request));
      return reply.code(204).send(null);
    },
  );
};

/** Durable subscriptions, as an operator sees them. A key sees those of which it may see all. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import { SUBSCRIPTION_NAME_PATTERN, type SubscriptionName } from '../../../contract/ids.ts';
import { listOf, object } from '../../../contract/schema.ts';
import { SubscriptionView } from '../../../contract/views/subscription.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, Empty } from '../schemas.ts';

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
        response: answers({ 200: object({ subscriptions: listOf(SubscriptionView) }) }),
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

/** Durable subscriptions, as an operator sees them. A key that is limited to sessions sees those within them. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import Type from 'typebox';
import type { Principal } from '../../../auth/keys.ts';
import { WabError } from '../../../contract/errors.ts';
import { Filter } from '../../../contract/filter.ts';
import { SUBSCRIPTION_NAME_PATTERN, type SessionName, type SubscriptionName } from '../../../contract/ids.ts';
import type { SubscriptionView } from '../../../stream/stream.ts';
import { allows, principalOf } from '../../access.ts';
import type { AppServices } from '../../app.ts';
import { answers, Empty, listOf, nullable, object, Timestamp } from '../schemas.ts';

const Subscription = object(
  {
    name: Type.String(),
    filter: Filter,
    connected: Type.Boolean(),
    cursor: Type.String({ description: 'acknowledged up to here without a gap' }),
    waiting: Type.Integer({ description: 'events that wait, counted up to 10,000' }),
    inFlight: Type.Integer(),
    blockedBy: nullable(Type.String()),
    createdAt: Timestamp,
    lastUsedAt: Timestamp,
    takeovers: Type.Integer({ description: 'how often a newer connection took it from an older one' }),
  },
  { $id: 'Subscription' },
);
const Params = object({ name: Type.String({ pattern: SUBSCRIPTION_NAME_PATTERN }) });

type Needs = { services: Pick<AppServices, 'stream'> };

export const subscriptionRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { services: { stream } }) => {
  const tags = ['subscriptions'];
  const visible = async (principal: Principal): Promise<readonly SubscriptionView[]> =>
    (await stream.subscriptions()).filter((view) => within(principal, view));

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
    async (request) => ({ subscriptions: await visible(principalOf(request)) }),
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
      const name = request.params.name as SubscriptionName;
      const found = (await visible(principalOf(request))).some((view) => view.name === name);
      if (!found) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: name });
      await stream.deleteSubscription(name);
      return reply.code(204).send(null);
    },
  );
};

function within(principal: Principal, view: SubscriptionView): boolean {
  if (principal.sessions === null) return true;
  const sessions = view.filter.sessions ?? [];
  return sessions.length > 0 && sessions.every((session) => allows(principal, session as SessionName));
}

import { operation } from '../../operation.ts';
import { listOf, object } from '../../schema.ts';
import { SubscriptionView } from '../../views/subscription.ts';

/** A key sees the subscriptions of which it may see all events. */
export const listSubscriptions = operation({
  id: 'subscription.list',
  via: 'bridge',
  scope: 'events:read',
  summary: 'List durable subscriptions',
  tag: 'subscriptions',
  operationId: 'listSubscriptions',
  http: { method: 'GET', path: '/subscriptions', status: 200 },
  input: object({}),
  result: object({ subscriptions: listOf(SubscriptionView) }),
  errors: [],
  examples: [{}],
});

/** Durable subscriptions, as an operator sees them. */
import type { Stream } from '../stream/stream.ts';
import type { HandlersOf } from './handler.ts';

type Subscriptions = Pick<Stream, 'subscriptions' | 'deleteSubscription'>;

export const subscriptionHandlers = (stream: Subscriptions): HandlersOf<'subscription'> => ({
  'subscription.list': async (_input, principal) => ({ subscriptions: await stream.subscriptions(principal) }),
  'subscription.delete': ({ name }, principal) => stream.deleteSubscription(name, principal),
});

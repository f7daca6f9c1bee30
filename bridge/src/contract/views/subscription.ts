/** Durable subscriptions as an operator sees them. */
import Type, { type Static } from 'typebox';
import { Filter } from '../filter.ts';
import type { SessionName, SubscriptionName } from '../ids.ts';
import { branded, nullable, object, Timestamp } from '../schema.ts';

export const SubscriptionView = object(
  {
    name: branded<SubscriptionName>(),
    filter: Filter,
    sessions: nullable(
      Type.Unsafe<readonly SessionName[]>(
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
export type SubscriptionView = Static<typeof SubscriptionView>;

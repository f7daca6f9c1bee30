/** Dead letters as an operator sees them: events that a subscription was given too often without success. */
import Type, { type Static } from 'typebox';
import type { DeadLetterId, SubscriptionName } from '../ids.ts';
import { branded, nullable, object, Timestamp } from '../schema.ts';

export const DeadLetterView = object(
  {
    id: branded<DeadLetterId>(),
    subscription: branded<SubscriptionName>(),
    eventId: Type.String(),
    eventType: Type.String(),
    session: nullable(Type.String()),
    reason: Type.String(),
    attempts: Type.Integer(),
    createdAt: Timestamp,
  },
  { $id: 'DeadLetter' },
);
export type DeadLetterView = Static<typeof DeadLetterView>;

/** Outbox messages as clients see them. */
import Type, { type Static } from 'typebox';
import { Address } from '../address.ts';
import { literals, nullable, object, Timestamp } from '../schema.ts';

export const OUTBOX_STATES = [
  'queued',
  'sending',
  'accepted',
  'delivered',
  'read',
  'failed',
  'cancelled',
  'in_doubt',
] as const;
export type OutboxState = (typeof OUTBOX_STATES)[number];

export const OutboxMessage = object(
  {
    id: Type.String(),
    session: Type.String(),
    chat: Address,
    type: Type.String(),
    state: literals(OUTBOX_STATES),
    messageId: nullable(Type.String(), {
      description: "WhatsApp's id, once known; a reaction has none",
    }),
    attempts: Type.Integer(),
    createdAt: Timestamp,
    updatedAt: Timestamp,
    nextAttemptAt: nullable(Timestamp),
    expiresAt: nullable(Timestamp, {
      description: 'not sent after this time; null once a person has chosen to send it again',
    }),
    error: nullable(object({ code: Type.String(), message: Type.String() })),
    replayed: Type.Optional(
      Type.Boolean({ description: 'true if the idempotency key belongs to an earlier message, which is returned' }),
    ),
  },
  { $id: 'OutboxMessage' },
);
export type OutboxMessage = Static<typeof OutboxMessage>;

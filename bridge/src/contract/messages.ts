/** Outbox messages as clients see them, and the body of `POST /v1/messages`. */
import Type, { type Static } from 'typebox';
import { Address } from './address.ts';
import { MEDIA_ID_PATTERN, SESSION_NAME_PATTERN } from './ids.ts';
import { literals } from './literals.ts';

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

/** Longest text WhatsApp takes, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 65_536;
export const SENDABLE_MEDIA_KINDS = ['image', 'video', 'audio', 'document'] as const;

const common = {
  session: Type.String({ pattern: SESSION_NAME_PATTERN }),
  to: Type.String({ minLength: 3, maxLength: 80, description: 'phone number, chat id, lid or group id' }),
  quotedMessageId: Type.Optional(Type.String({ maxLength: 200 })),
  mentions: Type.Optional(Type.Array(Type.String({ maxLength: 80 }), { maxItems: 1024 })),
};
export const SendText = Type.Object(
  { ...common, type: Type.Literal('text'), text: Type.String({ minLength: 1, maxLength: MAX_TEXT_LENGTH }) },
  { additionalProperties: false },
);
export const SendMedia = Type.Object(
  {
    ...common,
    type: literals(SENDABLE_MEDIA_KINDS),
    mediaId: Type.String({ pattern: MEDIA_ID_PATTERN }),
    caption: Type.Optional(Type.String({ maxLength: MAX_TEXT_LENGTH })),
    fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  },
  { additionalProperties: false },
);
/** One request to send. Which fields are allowed depends on `type`. */
export const SendRequest = Type.Union([SendText, SendMedia], { $id: 'SendRequest' });
export type SendRequest = Static<typeof SendRequest>;

export const OutboxMessage = Type.Object(
  {
    id: Type.String(),
    session: Type.String(),
    chat: Address,
    type: Type.String(),
    state: literals(OUTBOX_STATES),
    messageId: Type.Union([Type.String(), Type.Null()], { description: "WhatsApp's id, once known" }),
    attempts: Type.Integer(),
    createdAt: Type.String({ format: 'date-time' }),
    updatedAt: Type.String({ format: 'date-time' }),
    nextAttemptAt: Type.Union([Type.String({ format: 'date-time' }), Type.Null()]),
    error: Type.Union([Type.Object({ code: Type.String(), message: Type.String() }), Type.Null()]),
    replayed: Type.Optional(
      Type.Boolean({ description: 'true where an idempotency key answered with an earlier message' }),
    ),
  },
  { $id: 'OutboxMessage', additionalProperties: false },
);
export type OutboxMessage = Static<typeof OutboxMessage>;

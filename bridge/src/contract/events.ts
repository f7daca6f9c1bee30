/**
 * The one catalogue of events: the source of the types, the JSON Schemas, the OpenAPI document, the options of the n8n
 * trigger and the docs. An event is an immutable fact; its type is `noun.verb` in the past.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { Address } from './address.ts';
import type { EventId, Seq, SessionName } from './ids.ts';
import { literals, nullable, object, Timestamp } from './schema.ts';

export const SESSION_STATES = [
  'stopped',
  'starting',
  'awaiting_scan',
  'connecting',
  'ready',
  'reconnecting',
  'stopping',
  'logged_out',
  'failed',
] as const;
export type SessionState = (typeof SESSION_STATES)[number];

export const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** Media of a message: the file itself is fetched after the event was recorded and read with GET /v1/media/{mediaId}. */
export const MessageMedia = object(
  {
    mediaId: Type.String(),
    kind: literals(MEDIA_KINDS),
    mimeType: Type.String({
      description: 'as stated by the sender; the stored file has the type found in its bytes',
    }),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    fileName: Type.Optional(Type.String()),
  },
  { $id: 'MessageMedia' },
);
export type MessageMedia = Static<typeof MessageMedia>;

export const MESSAGE_KINDS = ['text', ...MEDIA_KINDS, 'unsupported'] as const;

export const MessageData = object(
  {
    messageId: Type.String({ description: "WhatsApp's id of the message" }),
    kind: literals(MESSAGE_KINDS),
    text: nullable(Type.String(), { description: 'body, or the caption of media' }),
    fromMe: Type.Boolean(),
    mentions: Type.Array(Address),
    quotedMessageId: nullable(Type.String()),
    media: nullable(MessageMedia),
    outboxId: Type.Optional(Type.String({ description: 'the outbox message that caused it, if known' })),
    rawKind: Type.Optional(Type.String({ description: "WhatsApp's own type if kind is `unsupported`" })),
  },
  { $id: 'MessageData' },
);
export type MessageData = Static<typeof MessageData>;

export const ACK_LEVELS = ['server', 'delivered', 'read', 'played'] as const;
export type AckLevel = (typeof ACK_LEVELS)[number];

/** Type → what it means, the schema of `data`, and whether the data is message content (needs `messages:read`). */
export const EVENT_CATALOGUE = {
  'message.received': {
    description: 'A message arrived.',
    content: true,
    data: MessageData,
  },
  'message.sent': {
    description: 'This account sent a message, through wabridge or from the phone.',
    content: true,
    data: MessageData,
  },
  'message.acknowledged': {
    description: 'WhatsApp confirmed a message of this account: accepted by the server, delivered, read or played.',
    content: false,
    data: object({
      messageId: Type.String(),
      ack: literals(ACK_LEVELS),
      outboxId: Type.Optional(Type.String()),
    }),
  },
  'message.failed': {
    description: 'WhatsApp reported that it could not send a message that it had accepted from this account.',
    content: false,
    data: object({ messageId: Type.String(), reason: Type.String(), outboxId: Type.Optional(Type.String()) }),
  },
  'session.state_changed': {
    description: 'A session changed its state.',
    content: false,
    data: object({ from: literals(SESSION_STATES), to: literals(SESSION_STATES), reason: Type.String() }),
  },
  'session.qr_issued': {
    description: 'A QR code is ready to be scanned; read it with GET /v1/sessions/{name}/qr.',
    content: false,
    data: object({ expiresAt: Timestamp }),
  },
  'session.degraded': {
    description: 'A session is connected but does not work properly.',
    content: false,
    data: object({ reason: Type.String() }),
  },
  'session.recovered': {
    description: 'A session that was degraded works properly again.',
    content: false,
    data: object({ reason: Type.String({ description: 'what did not work' }) }),
  },
  'outbox.failed': {
    description: 'An outbox message failed and will not be retried.',
    content: false,
    data: object({ outboxId: Type.String(), code: Type.String(), reason: Type.String() }),
  },
  'outbox.in_doubt': {
    description: 'It is not known whether an outbox message was sent; settle it with `wabridge outbox resolve`.',
    content: false,
    data: object({ outboxId: Type.String(), reason: Type.String() }),
  },
  'subscription.expired': {
    description: 'A durable subscription was removed because nobody had used it for longer than events are kept.',
    content: false,
    data: object({ subscription: Type.String(), lastUsedAt: Timestamp }),
  },
} as const satisfies Record<string, { description: string; content: boolean; data: TSchema }>;

export type EventType = keyof typeof EVENT_CATALOGUE;
export const EVENT_TYPES = Object.keys(EVENT_CATALOGUE) as readonly EventType[];
export type EventData<T extends EventType> = Static<(typeof EVENT_CATALOGUE)[T]['data']>;

/** Why the payload of an event is not there any more, or not for this reader. */
export const WITHHELD_REASONS = ['scope', 'expired', 'erased'] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

/** The event as clients see it (stream frame, HTTP). `session` is null for facts about the bridge itself. */
export const EventBody = object(
  {
    id: Type.String(),
    type: literals(EVENT_TYPES),
    session: nullable(Type.String()),
    seq: Type.Integer(),
    occurredAt: Timestamp,
    chat: nullable(Address),
    sender: nullable(Address),
    data: nullable(Type.Record(Type.String(), Type.Unknown())),
    withheld: Type.Optional(literals(WITHHELD_REASONS)),
  },
  { $id: 'Event' },
);

/** An event in the log. `data` is null exactly when `withheld` says why. */
export interface WaEvent<T extends EventType = EventType> {
  readonly id: EventId;
  readonly type: T;
  readonly session: SessionName | null;
  readonly seq: Seq;
  /** ISO 8601, when it happened on WhatsApp (not when it was recorded). */
  readonly occurredAt: string;
  readonly chat: Address | null;
  readonly sender: Address | null;
  readonly data: EventData<T> | null;
  readonly withheld?: WithheldReason;
}

/** An event on its way into the log, made only by the constructors in `events/event-constructors.ts`. */
export type NewEvent<T extends EventType = EventType> = Omit<WaEvent<T>, 'seq' | 'withheld' | 'data'> & {
  readonly data: EventData<T>;
  /** Ids under which the same fact may be on record; it is stored under none of them. */
  readonly aliases?: readonly EventId[];
};

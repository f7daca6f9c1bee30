/** A message as an event carries it, and how far a message of this account has come. */
import Type, { type Static, type TObject } from 'typebox';
import { Address } from './address.ts';
import type { EventId } from './ids.ts';
import {
  kindOf,
  MESSAGE_KINDS,
  type MediaKind,
  type MessageContent,
  type MessageKind,
  type ReportedContent,
} from './kinds.ts';
import type { MessageMedia } from './message-media.ts';
import { nullable, object } from './schema.ts';

const MessageIdField = Type.String({ description: "WhatsApp's id of the message" });
/** What messages of all kinds have. */
const common = {
  fromMe: Type.Boolean(),
  mentions: Type.Array(Address),
  quotedMessageId: nullable(Type.String()),
  outboxId: Type.Optional(Type.String({ description: 'the outbox message that caused it, if known' })),
};
type Common = Static<TObject<{ readonly messageId: typeof MessageIdField } & typeof common>>;

/** A message as an engine reports it. */
export type ReportedMessage = Common & ReportedContent;
export type MessageData = Common & MessageContent;

/** `image` → `ImageMessage`, the name of its schema. */
export const messageSchemaName = (kind: MessageKind): string =>
  `${kind.charAt(0).toUpperCase()}${kind.slice(1)}Message`;

/** As OpenAPI names it. */
const SCHEMAS = Object.fromEntries(
  MESSAGE_KINDS.map((kind) => [kind, `#/components/schemas/${messageSchemaName(kind)}`]),
);

/** One schema for each kind; `kind` says which. */
export const MessageData = Type.Unsafe<MessageData>(
  Type.Union(
    MESSAGE_KINDS.map((kind) => {
      const { description, fields } = kindOf(kind);
      const properties = { messageId: MessageIdField, kind: Type.Literal(kind), ...fields, ...common };
      return object(properties, { $id: messageSchemaName(kind), description });
    }),
    { $id: 'MessageData', discriminator: { propertyName: 'kind', mapping: SCHEMAS } },
  ),
);

/**
 * The data of a message's event. Only fields that the kind has are taken, so that nothing else that an engine may carry
 * along is stored, and clients see them in one order.
 */
export function messageDataOf(message: ReportedMessage, id: EventId): MessageData {
  const { fields, toFields } = kindOf(message.kind);
  const reported = Object.fromEntries(
    Object.entries(message).filter(([name, value]) => name in fields && value !== undefined),
  );
  return {
    messageId: message.messageId,
    kind: message.kind,
    ...(toFields?.(reported, id) ?? reported),
    fromMe: message.fromMe,
    mentions: message.mentions,
    quotedMessageId: message.quotedMessageId,
    ...(message.outboxId === undefined ? {} : { outboxId: message.outboxId }),
  } as MessageData;
}

/** A file, and as what it was sent. */
export interface MessageFile {
  readonly kind: MediaKind;
  readonly media: MessageMedia;
}
/** The file of a message, or null. */
export const fileOf = (data: MessageData): MessageFile | null =>
  'media' in data ? { kind: data.kind, media: data.media } : null;

export const ACK_LEVELS = ['server', 'delivered', 'read', 'played'] as const;
export type AckLevel = (typeof ACK_LEVELS)[number];

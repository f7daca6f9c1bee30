/** A message as an event carries it, and how far a message of this account has come. */
import Type, { type Static } from 'typebox';
import { Address } from './address.ts';
import { fileNameField } from './file-name.ts';
import { mediaIdOf, type EventId } from './ids.ts';
import { MEDIA_KINDS, MESSAGE_KINDS } from './kinds.ts';
import { literals, nullable, object } from './schema.ts';

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

/** A medium as an engine reports it. It has an id already if the outbox sent it. */
export type ReportedMedia = Omit<MessageMedia, 'mediaId'> & Partial<Pick<MessageMedia, 'mediaId'>>;
/** A message as an engine reports it. */
export type ReportedMessage = Omit<MessageData, 'media'> & { readonly media: ReportedMedia | null };

/**
 * The data of a message's event. Each field is named, so that nothing else that an engine may carry along is stored, and
 * clients see them in one order.
 */
export const messageDataOf = (message: ReportedMessage, id: EventId): MessageData => ({
  messageId: message.messageId,
  kind: message.kind,
  text: message.text,
  fromMe: message.fromMe,
  mentions: message.mentions,
  quotedMessageId: message.quotedMessageId,
  media: message.media && mediaOf(message.media, id),
  ...(message.outboxId === undefined ? {} : { outboxId: message.outboxId }),
  ...(message.rawKind === undefined ? {} : { rawKind: message.rawKind }),
});

/**
 * A medium is named by its event, so that a fact that is reported again names the same file. The name of the file comes
 * from a stranger: it loses what could deceive or do harm.
 */
const mediaOf = (media: ReportedMedia, event: EventId): MessageMedia => ({
  mediaId: media.mediaId ?? mediaIdOf(event),
  kind: media.kind,
  mimeType: media.mimeType,
  ...(media.sizeBytes === undefined ? {} : { sizeBytes: media.sizeBytes }),
  ...fileNameField(media.fileName),
});

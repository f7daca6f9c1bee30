/** What operations that send have in common. */
import Type, { type TProperties } from 'typebox';
import type { ErrorCode } from './errors.ts';
import { ChatField, ExpiryField, messageField, RecipientField, SessionField, textField } from './fields.ts';
import type { SendableKind } from './kinds.ts';
import type { HttpBinding, SharedRoute } from './operation.ts';
import { object } from './schema.ts';
import { OutboxMessage } from './views/outbox-message.ts';

/** Longest emoji that is taken, in UTF-16 code units: those that are joined of several people with skin tones need 15. */
const MAX_EMOJI_LENGTH = 40;

/** The body of `POST /v1/messages`, by which everything is sent. */
const SEND: SharedRoute = {
  operationId: 'sendMessage',
  summary: 'Store a message durably and send it',
  body: 'SendRequest',
};

/** @param type what the body's field `type` says */
export const sendRoute = (type: string): HttpBinding => ({
  method: 'POST',
  path: '/messages',
  status: 202,
  type,
  shared: SEND,
});

/** What everything has that is sent. */
export const RECIPIENT = {
  session: SessionField,
  to: RecipientField,
  expiresInSeconds: Type.Optional(ExpiryField),
};
/** What a message has besides its content. */
const MESSAGE = {
  ...RECIPIENT,
  quotedMessageId: Type.Optional(messageField()),
  mentions: Type.Optional(Type.Array(ChatField, { maxItems: 1024 })),
};
/**
 * What operations have in common that send a message of a kind. Kind, route and fields come from one definition, so that
 * they cannot be those of different kinds.
 */
export const sendOf = <const Kind extends SendableKind, Send extends TProperties>({
  kind,
  send,
}: {
  readonly kind: Kind;
  readonly send: Send;
}) =>
  ({
    via: { outbox: 'tracked', kind },
    scope: 'messages:send',
    tag: 'messages',
    http: sendRoute(kind),
    input: object({ ...MESSAGE, ...send }),
    result: OutboxMessage,
  }) as const;
/** One emoji; an empty text takes a reaction back. */
export const EmojiField = textField('emoji or empty', {
  maxLength: MAX_EMOJI_LENGTH,
  description: 'one emoji; an empty text removes the reaction',
});

/** What can be wrong with anything that goes through the outbox, when it is handed in. */
export const SEND_ERRORS = [
  'WAB_IDEMPOTENCY_KEY_MISSING',
  'WAB_IDEMPOTENCY_KEY_REUSED',
  'WAB_SESSION_NOT_FOUND',
  'WAB_ENGINE_NOT_ENABLED',
  'WAB_OPERATION_UNSUPPORTED',
  'WAB_ADDRESS_INVALID',
  'WAB_CHAT_UNKNOWN',
] as const satisfies readonly ErrorCode[];
export const MEDIA_ERRORS = [
  'WAB_TEXT_BLANK',
  'WAB_MEDIA_NOT_FOUND',
  'WAB_MEDIA_PENDING',
  'WAB_MEDIA_FAILED',
  'WAB_MEDIA_TYPE',
  'WAB_MEDIA_TOO_LARGE',
] as const satisfies readonly ErrorCode[];

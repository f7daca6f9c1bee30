/** The body of `POST /v1/messages`: what can be sent. */
import Type, { type Static } from 'typebox';
import { MEDIA_ID_PATTERN, SESSION_NAME_PATTERN } from './ids.ts';
import { literals, object } from './schema.ts';

/** Longest text WhatsApp takes, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 65_536;
export const SENDABLE_MEDIA_KINDS = ['image', 'video', 'audio', 'document'] as const;

/** Longest emoji that is taken, in UTF-16 code units: those that are joined of several people with skin tones need 15. */
const MAX_EMOJI_LENGTH = 40;

/** A person or group in any form of an address. */
export const AnyAddress = Type.String({
  minLength: 3,
  maxLength: 80,
  description:
    'phone number with country code, chat id, lid or group id. For countries that changed their numbers (Mexico, Argentina, Brazil, Benin, Ivory Coast), either form works; the answer has the form that WhatsApp uses, once it is known',
});
/** Longest time a message may wait to be sent, in seconds. */
export const MAX_EXPIRY_SECONDS = 86_400;
const recipient = {
  session: Type.String({ pattern: SESSION_NAME_PATTERN }),
  to: AnyAddress,
  expiresInSeconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: MAX_EXPIRY_SECONDS,
      description:
        'how long the message may wait to be sent, in seconds after it was accepted; then it fails with WAB_SEND_EXPIRED. ' +
        'The default is the setting sendExpirySeconds of the bridge (86400, one day, unless changed)',
    }),
  ),
};
const common = {
  ...recipient,
  quotedMessageId: Type.Optional(Type.String({ maxLength: 200 })),
  mentions: Type.Optional(Type.Array(Type.String({ maxLength: 80 }), { maxItems: 1024 })),
};
export const SendText = object({
  ...common,
  type: Type.Literal('text'),
  text: Type.String({ maxLength: MAX_TEXT_LENGTH, description: 'must contain at least one visible character' }),
});
export const SendMedia = object({
  ...common,
  type: literals(SENDABLE_MEDIA_KINDS),
  mediaId: Type.String({ pattern: MEDIA_ID_PATTERN }),
  caption: Type.Optional(Type.String({ maxLength: MAX_TEXT_LENGTH })),
  fileName: Type.Optional(Type.String({ maxLength: 255 })),
});
/** A reaction of the account to a message. It replaces the one before it, so that repeating it changes nothing. */
export const SendReaction = object({
  ...recipient,
  type: Type.Literal('reaction'),
  messageId: Type.String({ minLength: 1, maxLength: 200, description: 'the message to react to, in the same chat' }),
  emoji: Type.String({
    maxLength: MAX_EMOJI_LENGTH,
    description: 'one emoji; an empty text removes the reaction',
  }),
});
/** One request to send. Which fields are allowed depends on `type`. */
export const SendRequest = Type.Union([SendText, SendMedia, SendReaction], { $id: 'SendRequest' });
export type SendRequest = Static<typeof SendRequest>;

// Built from text, since the compiler's target does not know the flag that has whole emoji as a property yet.
const EMOJI = new RegExp(
  '^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic}[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\u{FE0F}\\u{200D}]*)$',
  'v',
);
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/**
 * Whether a text is one emoji, as WhatsApp takes it for a reaction. Emoji without their variation selector count, and so
 * do those that are newer than this Node: they lie in ranges that Unicode keeps for pictures.
 */
export const isEmoji = (text: string): boolean => EMOJI.test(text) && [...graphemes.segment(text)].length === 1;

// White space, controls, what Unicode tells every font to ignore (zero-width marks, fillers), annotation anchors, and the
// Braille pattern without dots.
const SOMETHING_TO_SEE = /[^\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u{FFF9}-\u{FFFB}\u{2800}]/u;

/** Whether a text has nothing that anybody would see: it is empty, or of spaces and invisible characters only. */
export const isBlank = (text: string): boolean => !SOMETHING_TO_SEE.test(text);

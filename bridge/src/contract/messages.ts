/** The body of `POST /v1/messages`: what can be sent. */
import Type, { type Static } from 'typebox';
import { SESSION_NAME_PATTERN } from './ids.ts';
import { fileToSend, MAX_TEXT_LENGTH } from './kind.ts';
import { KIND_CATALOGUE, SENDABLE_MEDIA_KINDS } from './kinds.ts';
import { literals, object } from './schema.ts';

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
  ...KIND_CATALOGUE.text.send,
});
export const SendMedia = object({
  ...common,
  type: literals(SENDABLE_MEDIA_KINDS),
  ...fileToSend,
  caption: Type.Optional(Type.String({ maxLength: MAX_TEXT_LENGTH })),
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

/** What people see of a text, and what they do not. */

// Built from text, since the compiler's target does not know the flag that has whole emoji as a property yet.
const EMOJI =
  '^(?:\\p{RGI_Emoji}|\\p{Extended_Pictographic}[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\u{FE0F}\\u{200D}]*)$';

interface Unicode {
  readonly emoji: RegExp;
  readonly graphemes: Intl.Segmenter;
}
let unicode: Unicode | undefined;
/** Made when they are first needed: both take their tables along, and every command would pay for that. */
const unicodeTools = (): Unicode =>
  (unicode ??= { emoji: new RegExp(EMOJI, 'v'), graphemes: new Intl.Segmenter('en', { granularity: 'grapheme' }) });

/**
 * Whether a text is one emoji, as WhatsApp takes it for a reaction. Emoji without their variation selector count, and so
 * do those that are newer than this Node: they lie in ranges that Unicode keeps for pictures.
 */
export function isEmoji(text: string): boolean {
  const { emoji, graphemes } = unicodeTools();
  return emoji.test(text) && [...graphemes.segment(text)].length === 1;
}

// White space, controls, what Unicode tells every font to ignore (zero-width marks, fillers), annotation anchors, and the
// Braille pattern without dots.
const SOMETHING_TO_SEE = /[^\p{White_Space}\p{Cc}\p{Default_Ignorable_Code_Point}\u{FFF9}-\u{FFFB}\u{2800}]/u;

/** Whether a text has nothing that anybody would see: it is empty, or of spaces and invisible characters only. */
export const isBlank = (text: string): boolean => !SOMETHING_TO_SEE.test(text);

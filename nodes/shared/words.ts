/** Names of the contract as people read them in the editor. */

const ALWAYS_LOWER = ['a', 'an', 'and', 'as', 'at', 'by', 'for', 'in', 'of', 'on', 'or', 'the', 'to', 'with'];
const ABBREVIATIONS = ['id', 'ids', 'qr', 'url'];

/** The words of a name in any form: `session.qr_issued`, `quotedMessageId`. */
const wordsOf = (name: string): string[] =>
  name
    .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
    .split(/[\s._-]+/)
    .map((word) => word.toLowerCase());

const capitalized = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

/** As a title: `session.qr_issued` is "Session QR Issued", `quotedMessageId` "Quoted Message ID". */
export const titleOf = (name: string): string =>
  wordsOf(name)
    .map((word, index) => {
      if (ABBREVIATIONS.includes(word))
        return word.endsWith('s') ? `${word.slice(0, -1).toUpperCase()}s` : word.toUpperCase();
      return index > 0 && ALWAYS_LOWER.includes(word) ? word : capitalized(word);
    })
    .join(' ');

/** Within a sentence: `allowMultipleAnswers` is "allow multiple answers". */
export const phraseOf = (name: string): string =>
  wordsOf(name)
    .map((word) => (ABBREVIATIONS.includes(word) ? titleOf(word) : word))
    .join(' ');

/** A description as the editor shows it: capitalized, and without a full stop if it is one sentence. */
export const descriptionOf = (text: string): string => capitalized(/\.\s/.test(text) ? text : text.replace(/\.$/, ''));

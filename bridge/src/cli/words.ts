/** Words of the command line that are derived from names and sentences of the catalogue. */

/** `sendPoll` is `send-poll`. */
export const kebab = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** `quotedMessageId` is `quoted message id`. */
export const spaced = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** A sentence as a command's help has it: it begins with a small letter, unless its first word is a name (WhatsApp, QR). */
export const helpOf = (sentence: string): string =>
  sentence.replace(/^[A-Z](?=[a-z]*\b)/, (letter) => letter.toLowerCase());

/** Words for fields that are the same in every operation that has them. The overlay of an operation may have others. */
import type { OptionWords } from '../fields.ts';

export const FIELD_WORDS: Readonly<Record<string, OptionWords>> = {
  before: ['--before <id>', 'older than this one'],
  expiresInSeconds: ['--expires-in <seconds>', 'do not send it after this many seconds'],
  fileName: ['--file-name <name>', 'the name that the file gets'],
  limit: ['--limit <count>', 'maximum number to list'],
  mentions: ['--mention <list>', 'mention these people, comma-separated'],
  quotedMessageId: ['--reply-to <messageId>', 'the message to reply to'],
};

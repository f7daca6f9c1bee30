import type { FieldWords, Overlays } from '../operations/overlay';

const sender: FieldWords = { description: 'The linked WhatsApp account that sends the message' };
const to: FieldWords = { description: 'Where to send the message: a person or a group' };
const mentions: FieldWords = {
  description:
    'People to mention, separated by commas: phone numbers with country code, chat IDs or linked IDs. The text must contain an @ and the number of each one.',
};
const quotedMessageId: FieldWords = {
  displayName: 'Reply To Message ID',
  description: 'The message to quote. It must be in the same chat.',
};

/** Words of the fields that every message has. */
export const MESSAGE_FIELDS = { session: sender, to, quotedMessageId, mentions };

export const messageOverlays = {
  'message.react': {
    action: 'React to a message',
    description: 'React to a message with an emoji, or remove the reaction',
    fields: {
      session: { description: 'The linked WhatsApp account that reacts' },
      to: { description: 'The chat of the message: a person or a group' },
      messageId: {
        description: 'The message to react to. It must be in the chat.',
        missing: 'The message to react to is missing',
      },
      emoji: {
        default: '👍',
        description: 'One emoji. It replaces an earlier reaction of the account. If empty, the reaction is removed.',
      },
    },
  },
  'message.sendText': {
    description: 'Send a text message, optionally as a reply or with mentions',
    fields: {
      ...MESSAGE_FIELDS,
      text: { description: 'What to send. WhatsApp shows *bold*, _italic_, ~struck through~ and `code`.' },
    },
  },
} satisfies Overlays;

import type { FieldWords, Overlays, WordsOfFields } from '../operations/overlay';

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
export const MESSAGE_FIELDS = {
  session: sender,
  to,
  quotedMessageId,
  mentions,
} satisfies WordsOfFields<'message.sendText'>;

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
  'message.sendLocation': {
    fields: {
      ...MESSAGE_FIELDS,
      latitude: { description: 'Degrees, negative south of the equator, such as 52.516275' },
      longitude: { description: 'Degrees, negative west of Greenwich, such as 13.377704' },
      name: {
        place: 'visible',
        displayName: 'Place Name',
        placeholder: 'e.g. Brandenburg Gate',
        description: 'What the place is called',
      },
      address: { place: 'visible', placeholder: 'e.g. Pariser Platz, Berlin', description: 'Shown below the name' },
    },
  },
  'message.sendPoll': {
    description: 'Ask a question with options to choose from; votes arrive as the event poll.voted',
    fields: {
      ...MESSAGE_FIELDS,
      question: { placeholder: 'e.g. When shall we deliver?', description: 'What to ask' },
      options: {
        parameter: 'answers',
        displayName: 'Answers',
        description: 'What people can choose: 2 to 12 texts, each one once',
      },
      allowMultipleAnswers: {
        place: 'visible',
        displayName: 'Multiple Answers',
        description: 'Whether a person may choose several answers',
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

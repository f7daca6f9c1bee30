import { messageField } from '../../fields.ts';
import { EmojiField, RECIPIENT, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

/** A reaction of the account replaces the one before it, so that repeating it changes nothing. */
export const react = operation({
  id: 'message.react',
  via: { outbox: 'repeatable' },
  scope: 'messages:send',
  summary: 'React to a message, or take the reaction back',
  tag: 'messages',
  operationId: 'react',
  http: sendRoute('reaction'),
  input: object({
    ...RECIPIENT,
    messageId: messageField({ minLength: 1, description: 'the message to react to, in the same chat' }),
    emoji: EmojiField,
  }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, 'WAB_TEXT_BLANK', 'WAB_EMOJI_INVALID'],
  examples: [
    {
      session: 'support',
      to: '+4915112345678',
      messageId: 'false_4915112345678@c.us_3EB0C767D097E28A7B4A',
      emoji: '👍',
    },
    {
      session: 'support',
      to: '+4915112345678',
      messageId: 'false_4915112345678@c.us_3EB0C767D097E28A7B4A',
      emoji: '',
    },
  ],
});

import { text } from '../../kinds/text.ts';
import { MESSAGE, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const sendText = operation({
  id: 'message.sendText',
  via: { outbox: 'tracked', kind: 'text' },
  scope: 'messages:send',
  summary: 'Send a text message',
  tag: 'messages',
  operationId: 'sendText',
  http: sendRoute('text'),
  input: object({ ...MESSAGE, ...text.send }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, 'WAB_TEXT_BLANK'],
  examples: [
    { session: 'support', to: '+4915112345678', text: 'Your parcel has been sent.' },
    {
      session: 'support',
      to: '4915112345678@c.us',
      text: 'It arrives on Friday.',
      quotedMessageId: 'false_4915112345678@c.us_3EB0C767D097E28A7B4A',
      expiresInSeconds: 3600,
    },
  ],
});

import { text } from '../../kinds/text.ts';
import { SEND_ERRORS, sendOf } from '../../messages.ts';
import { operation } from '../../operation.ts';

export const sendText = operation({
  id: 'message.sendText',
  ...sendOf(text),
  summary: 'Send a text message',
  operationId: 'sendText',
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

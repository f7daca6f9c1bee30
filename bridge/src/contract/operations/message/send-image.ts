import { image } from '../../kinds/image.ts';
import { MEDIA_ERRORS, MESSAGE, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const sendImage = operation({
  id: 'message.sendImage',
  via: { outbox: 'tracked', kind: 'image' },
  scope: 'messages:send',
  summary: 'Send an image',
  tag: 'messages',
  operationId: 'sendImage',
  http: sendRoute('image'),
  input: object({ ...MESSAGE, ...image.send }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', text: 'As promised' },
  ],
});

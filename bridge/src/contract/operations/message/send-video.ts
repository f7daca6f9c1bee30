import { video } from '../../kinds/video.ts';
import { MEDIA_ERRORS, MESSAGE, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const sendVideo = operation({
  id: 'message.sendVideo',
  via: { outbox: 'tracked', kind: 'video' },
  scope: 'messages:send',
  summary: 'Send a video',
  tag: 'messages',
  operationId: 'sendVideo',
  http: sendRoute('video'),
  input: object({ ...MESSAGE, ...video.send }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', text: 'As promised' },
  ],
});

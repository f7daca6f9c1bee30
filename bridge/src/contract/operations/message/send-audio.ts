import { audio } from '../../kinds/audio.ts';
import { MEDIA_ERRORS, MESSAGE, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const sendAudio = operation({
  id: 'message.sendAudio',
  via: { outbox: 'tracked', kind: 'audio' },
  scope: 'messages:send',
  summary: 'Send an audio file',
  tag: 'messages',
  operationId: 'sendAudio',
  http: sendRoute('audio'),
  input: object({ ...MESSAGE, ...audio.send }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [{ session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D' }],
});

import { document } from '../../kinds/document.ts';
import { MEDIA_ERRORS, MESSAGE, SEND_ERRORS, sendRoute } from '../../messages.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const sendDocument = operation({
  id: 'message.sendDocument',
  via: { outbox: 'tracked', kind: 'document' },
  scope: 'messages:send',
  summary: 'Send a document',
  tag: 'messages',
  operationId: 'sendDocument',
  http: sendRoute('document'),
  input: object({ ...MESSAGE, ...document.send }),
  result: OutboxMessage,
  errors: [...SEND_ERRORS, ...MEDIA_ERRORS],
  examples: [
    { session: 'support', to: '+4915112345678', mediaId: 'med_01JZ8Y4T3V5W6X7Y8Z9A0B1C2D', fileName: 'offer.pdf' },
  ],
});

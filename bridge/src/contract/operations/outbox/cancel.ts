import { OutboxIdField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const cancelOutboxMessage = operation({
  id: 'outbox.cancel',
  via: 'bridge',
  scope: 'messages:send',
  summary: 'Cancel a queued message',
  tag: 'messages',
  operationId: 'cancelMessage',
  http: { method: 'POST', path: '/messages/{id}/cancel', status: 200 },
  input: object({ id: OutboxIdField }),
  result: OutboxMessage,
  errors: ['WAB_OUTBOX_NOT_FOUND', 'WAB_OUTBOX_STATE'],
  examples: [{ id: 'out_01K3V5Y8QZJ4M6N7P8R9S0T1V2' }],
});

import { OutboxIdField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { literals, object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const resolveOutboxMessage = operation({
  id: 'outbox.resolve',
  via: 'bridge',
  scope: 'messages:send',
  summary: 'Settle a message that is in doubt',
  tag: 'messages',
  operationId: 'resolveMessage',
  http: { method: 'POST', path: '/messages/{id}/resolve', status: 200 },
  input: object({ id: OutboxIdField, as: literals(['sent', 'failed', 'resend']) }),
  result: OutboxMessage,
  errors: ['WAB_OUTBOX_NOT_FOUND', 'WAB_OUTBOX_STATE', 'WAB_ACCOUNT_CHANGED', 'WAB_ACCOUNT_UNKNOWN'],
  examples: [{ id: 'out_01K3V5Y8QZJ4M6N7P8R9S0T1V2', as: 'resend' }],
});

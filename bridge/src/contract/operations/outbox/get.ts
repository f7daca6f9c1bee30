import { OutboxIdField, WaitMs } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { OutboxMessage } from '../../views/outbox-message.ts';

export const getOutboxMessage = operation({
  id: 'outbox.get',
  via: 'bridge',
  scope: 'messages:read',
  summary: 'Read an outbox message; with waitMs, answers once it is neither queued nor sending',
  tag: 'messages',
  operationId: 'getMessage',
  http: { method: 'GET', path: '/messages/{id}', status: 200 },
  input: object({ id: OutboxIdField, waitMs: WaitMs }),
  result: OutboxMessage,
  errors: ['WAB_OUTBOX_NOT_FOUND'],
  examples: [{ id: 'out_01K3V5Y8QZJ4M6N7P8R9S0T1V2' }, { id: 'out_01K3V5Y8QZJ4M6N7P8R9S0T1V2', waitMs: 30_000 }],
});

import { DeadLetterIdField } from '../../fields.ts';
import { Nothing, operation } from '../../operation.ts';
import { object } from '../../schema.ts';

export const discardDeadLetter = operation({
  id: 'deadLetter.discard',
  via: 'bridge',
  scope: 'events:manage',
  summary: 'Discard a dead letter',
  tag: 'dead letters',
  operationId: 'discardDeadLetter',
  http: { method: 'DELETE', path: '/dead-letters/{id}', status: 204 },
  input: object({ id: DeadLetterIdField }),
  result: Nothing,
  errors: ['WAB_DEAD_LETTER_NOT_FOUND', 'WAB_SESSION_NOT_ALLOWED'],
  examples: [{ id: 'dlq_01K3V5Y8QZJ4M6N7P8R9S0T1V2' }],
});

import { DeadLetterIdField } from '../../fields.ts';
import { Nothing, operation } from '../../operation.ts';
import { object } from '../../schema.ts';

export const redriveDeadLetter = operation({
  id: 'deadLetter.redrive',
  via: 'bridge',
  scope: 'events:manage',
  summary: 'Deliver the event again',
  tag: 'dead letters',
  operationId: 'redriveDeadLetter',
  http: { method: 'POST', path: '/dead-letters/{id}/redrive', status: 204 },
  input: object({ id: DeadLetterIdField }),
  result: Nothing,
  errors: [
    'WAB_DEAD_LETTER_NOT_FOUND',
    'WAB_SESSION_NOT_ALLOWED',
    'WAB_SUBSCRIPTION_NOT_FOUND',
    'WAB_SUBSCRIPTION_PAUSED',
    'WAB_EVENT_GONE',
  ],
  examples: [{ id: 'dlq_01K3V5Y8QZJ4M6N7P8R9S0T1V2' }],
});

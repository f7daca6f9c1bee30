import Type from 'typebox';
import { DEFAULT_LIST_LIMIT } from '../../defaults.ts';
import { DeadLetterIdField, limitOf } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { listOf, object } from '../../schema.ts';
import { DeadLetterView } from '../../views/dead-letter.ts';

export const listDeadLetters = operation({
  id: 'deadLetter.list',
  via: 'bridge',
  scope: 'events:manage',
  summary: 'List dead letters, newest first',
  tag: 'dead letters',
  operationId: 'listDeadLetters',
  http: { method: 'GET', path: '/dead-letters', status: 200 },
  input: object({
    before: Type.Optional(DeadLetterIdField),
    limit: limitOf(DEFAULT_LIST_LIMIT),
  }),
  result: object({ deadLetters: listOf(DeadLetterView) }),
  errors: [],
  examples: [{}, { before: 'dlq_01K3V5Y8QZJ4M6N7P8R9S0T1V2', limit: 100 }],
});

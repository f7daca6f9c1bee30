import Type from 'typebox';
import { DEFAULT_LIST_LIMIT } from '../../defaults.ts';
import { limitOf, SessionField } from '../../fields.ts';
import { OUTBOX_ID_PATTERN, type OutboxId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { listOf, object } from '../../schema.ts';
import { OUTBOX_STATES, OutboxMessage } from '../../views/outbox-message.ts';

/** Those of the sessions that the key may use. */
export const listOutboxMessages = operation({
  id: 'outbox.list',
  via: 'bridge',
  scope: 'messages:read',
  summary: 'List outbox messages, newest first',
  tag: 'messages',
  operationId: 'listMessages',
  http: { method: 'GET', path: '/messages', status: 200 },
  input: object({
    session: Type.Optional(SessionField),
    state: Type.Optional(Type.String({ maxLength: 200, description: `comma-separated: ${OUTBOX_STATES.join(', ')}` })),
    before: Type.Optional(
      Type.Unsafe<OutboxId>(
        Type.String({ pattern: OUTBOX_ID_PATTERN, description: 'list messages older than this one' }),
      ),
    ),
    limit: limitOf(DEFAULT_LIST_LIMIT),
  }),
  result: object({ messages: listOf(OutboxMessage) }),
  errors: [],
  examples: [{}, { session: 'support', state: 'failed,in_doubt', limit: 100 }],
});

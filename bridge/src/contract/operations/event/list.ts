import Type from 'typebox';
import { CHAT_KINDS } from '../../address.ts';
import { DEFAULT_EVENT_LIMIT } from '../../defaults.ts';
import { EVENT_TYPES, EventBody } from '../../events.ts';
import { limitOf } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { listOf, literals, nullable, object } from '../../schema.ts';

export const listEvents = operation({
  id: 'event.list',
  via: 'bridge',
  scope: 'events:read',
  summary: 'A page of the event log',
  tag: 'events',
  operationId: 'listEvents',
  http: { method: 'GET', path: '/events', status: 200 },
  input: object({
    after: Type.Optional(Type.String({ maxLength: 120, description: 'a cursor, `earliest` (default) or `latest`' })),
    limit: limitOf(DEFAULT_EVENT_LIMIT),
    sessions: Type.Optional(Type.String({ maxLength: 4000, description: 'comma-separated' })),
    types: Type.Optional(Type.String({ maxLength: 4000, description: `comma-separated: ${EVENT_TYPES.join(', ')}` })),
    chatKinds: Type.Optional(
      Type.String({
        maxLength: 200,
        description: `comma-separated: ${CHAT_KINDS.join(', ')}; does not restrict events without a chat`,
      }),
    ),
    from: Type.Optional(
      Type.String({ maxLength: 8000, description: 'senders, comma-separated: phone, chat id or lid' }),
    ),
    fromMe: Type.Optional(Type.Boolean()),
  }),
  result: object({
    events: listOf(EventBody),
    cursor: Type.String({ description: 'continue from this cursor' }),
    more: Type.Boolean({ description: 'whether the log has more events after the cursor' }),
    reset: nullable(
      object({
        reason: literals(['expired', 'epoch', 'future'], {
          description: 'why the log could not be continued from the cursor',
        }),
        lost: Type.Integer({ description: 'upper bound of the events that can no longer be read' }),
      }),
    ),
  }),
  errors: ['WAB_CURSOR_INVALID', 'WAB_SESSION_NOT_ALLOWED'],
  examples: [{}, { after: 'latest', types: 'message.received,message.failed', fromMe: false, limit: 10 }],
});

/** Pages of the event log, for those who read rather than subscribe. */
import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import { Compile } from 'typebox/compile';
import Type from 'typebox';
import { CHAT_KINDS } from '../../../contract/address.ts';
import { DEFAULT_EVENT_LIMIT } from '../../../contract/defaults.ts';
import { EVENT_TYPES, EventBody } from '../../../contract/events.ts';
import { limitOf } from '../../../contract/fields.ts';
import { Filter } from '../../../contract/filter.ts';
import type { Principal } from '../../../auth/keys.ts';
import { listOf, literals, nullable, object } from '../../../contract/schema.ts';
import { encodeCursor } from '../../../stream/cursor.ts';
import { effectiveFilter, visibleTo } from '../../../stream/reading-rights.ts';
import { startPosition } from '../../../stream/start-position.ts';
import { WabError } from '../../../contract/errors.ts';
import { principalOf } from '../../access.ts';
import type { AppDependencies } from '../../services.ts';
import { answers, itemsOf } from '../schemas.ts';

const Query = object({
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
  from: Type.Optional(Type.String({ maxLength: 8000, description: 'senders, comma-separated: phone, chat id or lid' })),
  fromMe: Type.Optional(Type.Boolean()),
});
const Page = object({
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
});
const filterCheck = Compile(Filter);

type Needs = { deps: Pick<AppDependencies, 'eventLog'> };

export const eventRoutes: FastifyPluginAsyncTypebox<Needs> = async (app, { deps: { eventLog } }) => {
  app.get(
    '/events',
    {
      config: { scope: 'events:read' },
      schema: {
        operationId: 'listEvents',
        summary: 'A page of the event log',
        tags: ['events'],
        querystring: Query,
        response: answers({ 200: Page }),
      },
    },
    async (request) => {
      const principal = principalOf(request);
      const { after = 'earliest', limit = DEFAULT_EVENT_LIMIT } = request.query;
      const filter = filterOf(principal, request.query);
      const { floor, reset } = startPosition(after, null, eventLog);
      const { matches, scannedTo } = await eventLog.scan(floor, filter, limit);
      const events = await eventLog.read(matches.map((envelope) => envelope.seq));
      return {
        events: events.map((event) => visibleTo(principal, event)),
        cursor: encodeCursor(eventLog.epoch, scannedTo),
        more: scannedTo < eventLog.head,
        reset,
      };
    },
  );
};

interface FilterQuery {
  sessions?: string;
  types?: string;
  chatKinds?: string;
  from?: string;
  fromMe?: boolean;
}

/** The filter of the query, narrowed to the sessions that the key may use. */
function filterOf(principal: Principal, query: FilterQuery): Filter {
  const lists = {
    sessions: itemsOf(query.sessions),
    types: itemsOf(query.types),
    chatKinds: itemsOf(query.chatKinds),
    from: itemsOf(query.from),
  };
  const stated = Object.entries(lists).filter(([, list]) => list !== undefined);
  const filter: unknown = {
    ...Object.fromEntries(stated),
    ...(query.fromMe === undefined ? {} : { fromMe: query.fromMe }),
  };
  if (!filterCheck.Check(filter))
    throw new WabError('WAB_INVALID_REQUEST', {
      reason: 'the query parameter sessions, types, chatKinds or from has a value that does not exist',
    });
  return effectiveFilter(filter, principal);
}

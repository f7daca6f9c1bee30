/** Pages of the event log, for those who read rather than subscribe. */
import type { Principal } from '../auth/keys.ts';
import { DEFAULT_EVENT_LIMIT } from '../contract/defaults.ts';
import { WabError } from '../contract/errors.ts';
import { Filter } from '../contract/filter.ts';
import type { InputOf } from '../contract/operation.ts';
import type { listEvents } from '../contract/operations/event/list.ts';
import { validatorOf } from '../contract/validator.ts';
import type { EventLog } from '../events/event-log.ts';
import { encodeCursor } from '../stream/cursor.ts';
import { effectiveFilter, visibleTo } from '../stream/reading-rights.ts';
import { startPosition } from '../stream/start-position.ts';
import type { HandlersOf } from './handler.ts';
import { itemsOf } from './items.ts';

const filterValidator = validatorOf(Filter);

export const eventHandlers = (log: EventLog): HandlersOf<'event'> => ({
  'event.list': async ({ after = 'earliest', limit = DEFAULT_EVENT_LIMIT, ...query }, principal) => {
    const filter = filterOf(principal, query);
    const { floor, reset } = startPosition(after, null, log);
    const { matches, scannedTo } = await log.scan(floor, filter, limit);
    const events = await log.read(matches.map((envelope) => envelope.seq));
    return {
      events: events.map((event) => visibleTo(principal, event)),
      cursor: encodeCursor(log.epoch, scannedTo),
      more: scannedTo < log.head,
      reset,
    };
  },
});

type Query = Pick<InputOf<typeof listEvents>, 'sessions' | 'types' | 'chatKinds' | 'from' | 'fromMe'>;

/** The filter of the query, narrowed to the sessions that the key may use. */
function filterOf(principal: Principal, query: Query): Filter {
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
  if (!filterValidator().Check(filter))
    throw new WabError('WAB_INVALID_REQUEST', {
      reason: 'the query parameter sessions, types, chatKinds or from has a value that does not exist',
    });
  return effectiveFilter(filter, principal);
}

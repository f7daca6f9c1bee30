/** What a key may see of the log: which sessions, and whether message content. Pure. */
import type { Principal } from '../auth/keys.ts';
import { WabError } from '../contract/errors.ts';
import { EVENT_CATALOGUE, type WaEvent } from '../contract/events.ts';
import type { Filter } from '../contract/filter.ts';
import type { SessionName } from '../contract/ids.ts';

type Reader = Pick<Principal, 'keyId' | 'scopes' | 'sessions'>;

/**
 * The filter that is evaluated: what the client asked for, within the sessions its key allows. A filter that names
 * sessions never matches events without one, so those are seen only by keys without an allow-list.
 *
 * @throws WabError WAB_SESSION_NOT_ALLOWED if nothing that was asked for is allowed
 */
export function effectiveFilter(asked: Filter, reader: Reader): Filter {
  if (reader.sessions === null) return normalFilter(asked);
  const allowed = reader.sessions;
  const wanted = asked.sessions?.length ? asked.sessions : [...allowed];
  const sessions = wanted.filter((session) => allowed.has(session as SessionName));
  if (sessions.length === 0) {
    throw new WabError('WAB_SESSION_NOT_ALLOWED', { keyId: reader.keyId, session: wanted.join(', ') || '(any)' });
  }
  return normalFilter({ ...asked, sessions });
}

/** The same filter in the one form by which filters are compared: sorted, without repetitions and empty lists. */
export function normalFilter(filter: Filter): Filter {
  const list = <Item extends string>(items: readonly Item[] | undefined): Item[] | undefined =>
    items?.length ? [...new Set(items)].sort() : undefined;
  const { sessions, types, chatKinds, from } = filter;
  const normal = {
    sessions: list(sessions),
    types: list(types),
    chatKinds: list(chatKinds),
    from: list(from),
    fromMe: filter.fromMe,
  };
  return Object.fromEntries(Object.entries(normal).filter(([, value]) => value !== undefined));
}

export const sameFilter = (one: Filter, other: Filter): boolean =>
  JSON.stringify(normalFilter(one)) === JSON.stringify(normalFilter(other));

export const maySeeSession = (reader: Pick<Reader, 'sessions'>, session: SessionName | null): boolean =>
  reader.sessions === null || (session !== null && reader.sessions.has(session));

/** The event as this reader may see it: without its content where the key lacks `messages:read`. */
export function visibleTo(reader: Reader, event: WaEvent): WaEvent {
  const hidden = EVENT_CATALOGUE[event.type].content && event.data !== null && !reader.scopes.has('messages:read');
  return hidden ? { ...event, data: null, withheld: 'scope' } : event;
}

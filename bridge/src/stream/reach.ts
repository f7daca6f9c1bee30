/**
 * The reach of a subscription: the sessions whose events it can hold. A key may use a subscription only if it may see
 * all of that, since its user decides what its readers get: a subscribe moves it, an answer settles its events.
 * Derived from what the subscription holds rather than stored, so that the two cannot drift apart. See ADR 17.
 */
import type { Principal } from '../auth/keys.ts';
import { WabError } from '../contract/errors.ts';
import type { Filter } from '../contract/filter.ts';
import type { SessionName, SubscriptionName } from '../contract/ids.ts';
import { sessionsOfDeadLetters } from '../store/dead-letters.repository.ts';
import { openLanesOf, subscriptionNamed } from '../store/stream.repository.ts';
import type { Database } from '../store/database.ts';
import { sessionOfLane } from './lane-name.ts';
import { maySeeSession } from './reading-rights.ts';

/** Whose rights are asked about. */
export type KeyHolder = Pick<Principal, 'keyId' | 'sessions'>;

/** Null for every session, and the facts that have none. */
export type Reach = readonly SessionName[] | null;

/**
 * @param filter what is evaluated; null if no subscription exists
 * @param leftover sessions of what an earlier filter, or an earlier subscription of the name, left behind; null for
 *   facts without a session
 */
export function reachOf(filter: Filter | null, leftover: readonly (SessionName | null)[]): Reach {
  if (filter !== null && !filter.sessions?.length) return null;
  const named = [...((filter?.sessions ?? []) as SessionName[]), ...leftover];
  return named.every((session) => session !== null) ? [...new Set(named)].sort() : null;
}

export const maySeeAll = (holder: KeyHolder, reach: Reach): boolean =>
  holder.sessions === null || (reach !== null && reach.every((session) => maySeeSession(holder, session)));

/** The reach of a name now: of the subscription, its open events and its dead letters. Empty if there is nothing. */
export async function reachOfName(reader: Database['reader'], name: SubscriptionName): Promise<Reach> {
  const stored = await subscriptionNamed(reader, name);
  const lanes = await openLanesOf(reader, name);
  const deadLetters = await sessionsOfDeadLetters(reader, name);
  return reachOf(stored?.effectiveFilter ?? null, [...lanes.map(sessionOfLane), ...deadLetters]);
}

/** @throws WabError WAB_SESSION_NOT_ALLOWED if the key may not see all that the subscription holds */
export async function requireReach(
  reader: Database['reader'],
  name: SubscriptionName,
  holder: KeyHolder,
): Promise<void> {
  if (holder.sessions === null || maySeeAll(holder, await reachOfName(reader, name))) return;
  throw new WabError('WAB_SESSION_NOT_ALLOWED', {
    keyId: holder.keyId,
    session: `(some that subscription ${name} reads)`,
  });
}

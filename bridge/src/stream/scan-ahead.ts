/** Reads the log on from where a plan is, and keeps account of what retention has removed meanwhile. */
import type { Filter } from '../contract/filter.ts';
import type { EventLog, Scan } from '../events/event-log.ts';
import type { DeliveryPlan } from './delivery-plan.ts';

/**
 * Scans the log after what the plan has evaluated, and takes the plan past what retention has removed there.
 *
 * @returns what matches and is still there, and how many events were removed at most: not those that the plan knew
 *   already, which are done or are missed when it is their turn
 */
export async function scanAhead(
  events: Pick<EventLog, 'horizon' | 'scan'>,
  plan: DeliveryPlan,
  filter: Filter,
  limit: number,
): Promise<Scan & { readonly lost: number }> {
  const after = plan.scannedTo;
  const { matches, scannedTo } = await events.scan(after, filter, limit);
  // Only now: retention may have removed some on the way here.
  const { horizon } = events;
  if (horizon <= after) return { matches, scannedTo, lost: 0 };
  const lost = horizon - after - plan.knownAheadUpTo(horizon);
  plan.evaluatedTo(horizon);
  return { matches: matches.filter(({ seq }) => seq > horizon), scannedTo, lost };
}

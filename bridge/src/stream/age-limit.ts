/** Skips what waits for a subscription and is older than its reader wants to have; counted, so that it can be told. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { Filter } from '../contract/filter.ts';
import type { Seq } from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { DeliveryPlan } from './delivery-plan.ts';
import { scanAhead } from './scan-ahead.ts';

const ENVELOPES_PER_SCAN = 500;
const EVENTS_PER_READ = 64;

export interface Skipped {
  readonly count: number;
  /** Positions that were skipped behind one that still waits. */
  readonly beyondFloor: ReadonlySet<Seq>;
  /** Events that retention removed before they could be looked at, at most. */
  readonly lost: number;
}

/**
 * Finishes the waiting events of a plan that happened before a time. Looks at what is in the log now and as far as the
 * plan has room for those that are kept; what comes later is not held against the limit.
 *
 * @param occurredBefore milliseconds since the epoch
 * @returns what was skipped
 */
export async function skipOlder(
  events: Pick<EventLog, 'head' | 'horizon' | 'scan' | 'read'>,
  plan: DeliveryPlan,
  filter: Filter,
  occurredBefore: number,
): Promise<Skipped> {
  let count = 0;
  let lost = 0;
  const beyondFloor = new Set<Seq>();
  const note = (seq: Seq): void => {
    count += 1;
    // A backlog of any length is skipped in bounded memory.
    if (seq > plan.floor) beyondFloor.add(seq);
  };
  const isOld = (occurredAt: string): boolean => Date.parse(occurredAt) < occurredBefore;
  const known = [...plan.open()].map(({ seq }) => seq);
  for (let index = 0; index < known.length; index += EVENTS_PER_READ) {
    for (const { seq, occurredAt } of await events.read(known.slice(index, index + EVENTS_PER_READ))) {
      if (!isOld(occurredAt)) continue;
      plan.finish(seq);
      note(seq);
    }
    await yieldToEventLoop();
  }
  const { head } = events;
  while (plan.scannedTo < head) {
    const ahead = await scanAhead(events, plan, filter, ENVELOPES_PER_SCAN);
    lost += ahead.lost;
    for (const { seq, lane, occurredAt } of ahead.matches) {
      if (isOld(occurredAt) && plan.get(seq) === undefined) {
        if (!plan.skip(seq, lane)) return { count, beyondFloor, lost };
        note(seq);
      } else if (!plan.offer(seq, lane)) return { count, beyondFloor, lost };
    }
    plan.evaluatedTo(ahead.scannedTo);
    await yieldToEventLoop();
  }
  return { count, beyondFloor, lost };
}

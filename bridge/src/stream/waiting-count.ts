/** How many events wait for a subscription. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import type { EventLog } from '../events/event-log.ts';
import type { Filter } from '../contract/filter.ts';
import type { Seq } from '../contract/ids.ts';
import type { DeliveryPlan } from './delivery-plan.ts';

/** Events are counted up to here. */
const MAX_COUNT = 10_000;
const BATCH = 1_000;
/** A filter that matches next to nothing must not make a count read the whole log. */
const MAX_BATCHES = 50;

type CountedLog = Pick<EventLog, 'head' | 'horizon' | 'scan'>;

interface Count {
  readonly waiting: number;
  /** Events that retention removed during the count and that were not acknowledged, at most. */
  readonly removed: number;
  /** Position up to which was counted. */
  readonly countedTo: number;
}

/** Matching events that are not acknowledged, counted up to 10,000 and with bounded effort. */
export async function countWaiting(log: CountedLog, plan: DeliveryPlan, filter: Filter): Promise<number> {
  return Math.min(MAX_COUNT, (await count(log, plan, filter)).waiting);
}

/**
 * An upper bound of the matching events up to a position that are not acknowledged: counted like `countWaiting`; beyond
 * that every position is taken for one.
 */
export async function mostWaiting(log: CountedLog, plan: DeliveryPlan, filter: Filter, upTo: Seq): Promise<number> {
  const { waiting, removed, countedTo } = await count(log, plan, filter, upTo);
  return waiting + removed + Math.max(0, upTo - countedTo);
}

async function count(log: CountedLog, plan: DeliveryPlan, filter: Filter, upTo = Infinity): Promise<Count> {
  const { floor } = plan;
  let waiting = 0;
  let removed = 0;
  let after = floor;
  for (const { seq } of plan.open()) if (seq <= floor) waiting += 1;
  for (let batch = 0; batch < MAX_BATCHES && waiting < MAX_COUNT && after < Math.min(upTo, log.head); batch++) {
    const { matches, scannedTo } = await log.scan(after, filter, BATCH);
    const gone = Math.min(upTo, log.horizon);
    if (gone > after) removed += gone - after - acknowledgedBetween(plan, after, gone);
    for (const { seq } of matches) if (seq > gone && seq <= upTo && plan.get(seq)?.state !== 'acked') waiting += 1;
    const reached = Math.max(scannedTo, gone) as Seq;
    if (reached <= after) break;
    after = reached;
    await yieldToEventLoop();
  }
  return { waiting, removed, countedTo: after };
}

function acknowledgedBetween(plan: DeliveryPlan, after: number, upTo: number): number {
  return plan.all().filter(({ seq, state }) => state === 'acked' && seq > after && seq <= upTo).length;
}

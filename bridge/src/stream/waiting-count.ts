/** How many events wait for a subscription. */
import { setImmediate as breathe } from 'node:timers/promises';
import type { EventLog } from '../events/event-log.ts';
import type { Filter } from '../contract/filter.ts';
import type { DeliveryPlan } from './delivery-plan.ts';

/** Events are counted up to here. */
export const MAX_COUNT = 10_000;
const BATCH = 1_000;
/** A filter that matches next to nothing must not make a count read the whole log. */
const MAX_BATCHES = 50;

/** Matching events that are not acknowledged, counted up to 10,000 and with bounded effort. */
export async function countWaiting(
  log: Pick<EventLog, 'head' | 'scan'>,
  plan: DeliveryPlan,
  filter: Filter,
): Promise<number> {
  const floor = plan.floor;
  let count = 0;
  for (const position of plan.open()) if (position.seq <= floor) count += 1;
  let after = floor;
  for (let batch = 0; batch < MAX_BATCHES && count < MAX_COUNT && after < log.head; batch++) {
    const { matches, scannedTo } = await log.scan(after, filter, BATCH);
    for (const { seq } of matches) if (plan.get(seq)?.state !== 'acked') count += 1;
    if (scannedTo <= after) break;
    after = scannedTo;
    await breathe();
  }
  return Math.min(MAX_COUNT, count);
}

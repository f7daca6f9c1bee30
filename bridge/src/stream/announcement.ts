/** What a reader is told when its subscription opens: where it is, what waits, what is missing, what was skipped. */
import type { SubscribeFrame } from '../contract/frames.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import { skipOlder, type Skipped } from './age-limit.ts';
import type { Connection } from './connection.ts';
import { encodeCursor } from './cursor.ts';
import type { OpenedSubscription } from './durable-subscriptions.ts';
import { withLost } from './start-position.ts';
import type { Subscription } from './subscription.ts';
import { countWaiting } from './waiting-count.ts';

export interface Backlog {
  /** Events that wait, counted up to 10,000. */
  readonly waiting: number;
  /** Those that were skipped for their age; null if the reader set no limit. */
  readonly skipped: Skipped | null;
}

interface AnnouncementDependencies {
  readonly events: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}

/** Skips what the reader finds too old, and counts the rest. */
export async function examineBacklog(
  { maxAgeMs }: SubscribeFrame,
  { plan, filter }: OpenedSubscription,
  { events, clock }: AnnouncementDependencies,
): Promise<Backlog> {
  const skipped = maxAgeMs === undefined ? null : await skipOlder(events, plan, filter, clock.now() - maxAgeMs);
  return { waiting: await countWaiting(events, plan, filter), skipped };
}

/** Sends `subscribed`, and `reset` if something is missing. */
export function announce(
  connection: Connection,
  { name, plan }: Subscription,
  { waiting, skipped }: Backlog,
  opened: OpenedSubscription['reset'],
  { events, log }: AnnouncementDependencies,
): void {
  const reset = withLost(opened, skipped?.lost ?? 0);
  connection.send({
    type: 'subscribed',
    subscription: name,
    cursor: encodeCursor(events.epoch, plan.acknowledgedTo),
    resumed: waiting,
    ...(skipped === null ? {} : { skipped: skipped.count }),
  });
  if (skipped !== null && skipped.count > 0)
    log.warn({ subscription: name, skipped: skipped.count }, 'a subscriber skipped events because of their age');
  if (reset === null) return;
  const { reason, lost } = reset;
  log.warn(
    { subscription: name, reason, lost },
    reason === 'paused' ? 'a paused subscription continues at the newest event' : 'a cursor could not be honoured',
  );
  connection.send({ type: 'reset', subscription: name, reason, oldest: encodeCursor(events.epoch, plan.floor), lost });
}

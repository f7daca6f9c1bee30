/** What wakes the outbox: timers of this process, or Redis if the settings name one. */
import { redisOptionsOf } from '../ops/redis.ts';
import { InProcessScheduler } from '../outbox/in-process-scheduler.ts';
import type { Scheduler } from '../outbox/scheduler.ts';
import type { Base } from './base.ts';

interface ComposedScheduler<Key extends string> {
  readonly scheduler: Scheduler<Key>;
  /** Null for one that depends on no other server. */
  readonly state: (() => string) | null;
}

/**
 * @param name of the queue: who is woken
 * @param epoch of the database, which tells its queue from that of another bridge on the same Redis
 */
export async function createScheduler<Key extends string>(
  { settings, clock, log, metrics }: Base,
  name: string,
  epoch: string,
): Promise<ComposedScheduler<Key>> {
  const { redisUrl, redisPrefix } = settings;
  if (redisUrl === undefined) return { scheduler: new InProcessScheduler(clock, log), state: null };
  // Loaded only if it is used, as are the clients that it loads in turn.
  const { RedisScheduler } = await import('../outbox/redis-scheduler.ts');
  const redis = redisOptionsOf(redisUrl);
  const scheduler = new RedisScheduler<Key>({
    ...{ redis, clock, log, metrics },
    prefix: redisPrefix,
    name: `${name}-${epoch}`,
  });
  return { scheduler, state: () => scheduler.state };
}

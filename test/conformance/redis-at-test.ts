/** A scheduler on a Redis of the tests, with what it told about itself. */
import { randomUUID } from 'node:crypto';
import type { SessionName } from '../../bridge/src/contract/ids.ts';
import { systemClock } from '../../bridge/src/ops/clock.ts';
import type { Log } from '../../bridge/src/ops/logger.ts';
import { redisOptionsOf } from '../../bridge/src/ops/redis.ts';
import { RedisScheduler } from '../../bridge/src/outbox/redis-scheduler.ts';

export interface Line {
  readonly level: string;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** Keeps its lines. */
export function keepingLog(lines: Line[]): Log {
  const at =
    (level: string) =>
    (fields: unknown, text?: string): void =>
      void lines.push({ level, text: text ?? String(fields), fields: fields as Line['fields'] });
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), fatal: at('fatal') };
  return { ...log, child: () => keepingLog(lines) };
}

export interface ScheduledAtTest {
  readonly scheduler: RedisScheduler<SessionName>;
  readonly lines: readonly Line[];
  /** The values of `wabridge_redis_up`, as they came. */
  readonly ups: readonly boolean[];
  /** How often each kept the time. */
  readonly woken: { redis: number; process: number };
}

/** @param name of the queue; schedulers of the same name share their jobs */
export function redisScheduler(url: string, name = `test-${randomUUID()}`): ScheduledAtTest {
  const lines: Line[] = [];
  const ups: boolean[] = [];
  const woken = { redis: 0, process: 0 };
  const scheduler = new RedisScheduler<SessionName>({
    redis: redisOptionsOf(url),
    prefix: 'wabridge',
    name,
    clock: systemClock,
    log: keepingLog(lines),
    metrics: { redisUp: (up) => ups.push(up), wokenBy: (source) => void (woken[source] += 1) },
  });
  return { scheduler, lines, ups, woken };
}

/** What can be wrong with the Redis that wakes the outbox, and what each costs. */
import type { Settings } from '../config/settings.ts';
import { within } from '../ops/deadline.ts';
import { redisOptionsOf, redisPlaceOf, redisReason } from '../ops/redis.ts';
import { failed, ok, warning, type Result } from './finding.ts';

const DEADLINE_MS = 5_000;
/** For `SET … GET`; what the tests run on is the second. */
const OLDEST = [6, 2] as const;
const TESTED_MAJOR = 7;
const NEARLY_FULL = 0.9;

/** What Redis tells about itself. */
interface RedisFacts {
  /** The answer to INFO. */
  readonly info: string;
  /** Its setting `save`; null if this user may not read settings. */
  readonly save: string | null;
  /** Why it refuses to write; null if it does not. */
  readonly refusal: string | null;
}

/** Asks the Redis of the settings. */
export async function checkRedis({ redisUrl, redisPrefix }: Settings): Promise<Result> {
  if (redisUrl === undefined) return ok('not used: timers of the bridge wake the outbox');
  const options = redisOptionsOf(redisUrl);
  const place = redisPlaceOf(options);
  const { Redis } = await import('ioredis');
  const client = new Redis(options);
  let reason: string | null = null;
  client.on('error', (error) => (reason = redisReason(error)));
  try {
    const facts = await within(askRedis(client, redisPrefix), DEADLINE_MS, 'an answer');
    return judge(facts, place);
  } catch (error) {
    return warning(
      `Redis at ${place} cannot be used: ${reason ?? redisReason(error)}`,
      'Start it, or correct WABRIDGE_REDIS_URL. Until then messages are sent on time by timers of the bridge.',
    );
  } finally {
    client.disconnect();
  }
}

/** What is needed of ioredis. */
interface Client {
  connect(): Promise<void>;
  info(): Promise<string>;
  config(action: 'GET', name: string): Promise<unknown>;
  set(key: string, value: string, unit: 'PX', ms: number): Promise<unknown>;
}

async function askRedis(client: Client, prefix: string): Promise<RedisFacts> {
  await client.connect();
  const info = await client.info();
  const save = await client.config('GET', 'save').then(
    (answer) => (answer as readonly string[])[1] ?? '',
    () => null,
  );
  const refusal = await client.set(`${prefix}:doctor`, 'asked', 'PX', 1).then(() => null, redisReason);
  return { info, save, refusal };
}

function judge({ info, save, refusal }: RedisFacts, place: string): Result {
  const field = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const version = field('redis_version');
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1]))
    return failed(
      `Redis ${version} at ${place} is too old`,
      `Install Redis ${TESTED_MAJOR}; 6.2 is the oldest that works.`,
    );
  const problems: [string, string][] = [];
  if (major < TESTED_MAJOR)
    problems.push([`wabridge is tested on Redis ${TESTED_MAJOR}`, `Install Redis ${TESTED_MAJOR} or newer.`]);
  if (refusal !== null)
    problems.push([
      `it cannot be written to: ${refusal}, so that timers of the bridge take its place`,
      'Name the primary in WABRIDGE_REDIS_URL, or give it memory, disk space or rights.',
    ]);
  const policy = field('maxmemory_policy');
  if (policy !== 'noeviction')
    problems.push([
      `its eviction policy is ${policy}: when its memory is full it drops wake-ups, each of which is then a second late`,
      'Run: redis-cli config set maxmemory-policy noeviction',
    ]);
  const [used, most] = [Number(field('used_memory')), Number(field('maxmemory'))];
  if (most > 0 && used > most * NEARLY_FULL)
    problems.push([
      `its memory is nearly full (${Math.round((100 * used) / most)} %): once it is, timers of the bridge take its place`,
      'Raise maxmemory, or give the bridge a Redis of its own.',
    ]);
  const detail = `Redis ${version} at ${place}, ${persistenceOf(field('aof_enabled') === '1', save)}`;
  if (problems.length === 0) return ok(detail);
  return warning(
    [detail, ...problems.map(([problem]) => problem)].join('; '),
    problems.map(([, todo]) => todo).join(' '),
  );
}

function persistenceOf(aof: boolean, save: string | null): string {
  if (aof) return 'which keeps its data over a restart (append-only file)';
  if (save === null) return 'whose settings this user may not read';
  return save === ''
    ? 'which forgets its data at a restart: the bridge then gives it the wake-ups again, and nothing is late by more than a second'
    : 'which keeps snapshots: wake-ups since the last are forgotten at a restart, and the bridge gives them to it again';
}

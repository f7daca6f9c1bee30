/**
 * Redis fails in every way while messages are being sent: each costs a delay at most. What is sent is counted by a network
 * that knows nothing of Redis. Every message is put back once or more, so that only a wake-up brings it on.
 */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { ChatId } from '../../bridge/src/contract/ids.ts';
import { EngineError } from '../../bridge/src/engine/engine.ts';
import { openOutbox, tempFolder, type OpenOutbox } from '../bridge/outbox/outbox-harness.ts';
import { startRedis } from '../servers/redis.ts';
import type { ServerProcess } from '../servers/server-process.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { until } from '../until.ts';
import { redisScheduler, type ScheduledAtTest } from './redis-at-test.ts';

jest.setTimeout(120_000);

const CHATS = Array.from({ length: 6 }, (_, index) => `49151111111${index}@c.us` as ChatId);
const EACH = 4;
const AWAY = 'Redis cannot be used; messages go on being sent, on time by timers of this process';
const BACK = 'Redis can be used again; the wake-ups were given to it';
const LOST = /^Redis has lost its data/;

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface World extends ScheduledAtTest {
  readonly server: ServerProcess;
  readonly proxy: TcpProxy;
  readonly outbox: OpenOutbox;
  /** Sends that were put back so far. */
  readonly deferred: () => number;
  /** Puts the next sends back, for 1.6 seconds each. */
  readonly deferNext: (count: number) => void;
  readonly onRedis: (...command: [string, ...string[]]) => Promise<unknown>;
}

/** @param before what is done to the network before the bridge starts */
async function open(before: (proxy: TcpProxy) => Promise<void> = async () => undefined): Promise<World> {
  const server = await startRedis();
  const proxy = await TcpProxy.before(server.port);
  const folder = await tempFolder();
  ends.push(
    () => folder.remove(),
    () => proxy.stop(),
    () => server.stop(),
  );
  await before(proxy);
  const scheduled = redisScheduler(proxy.through(server.url));
  const outbox = await openOutbox(folder.path, { scheduler: scheduled.scheduler });
  ends.push(() => outbox.close());
  await outbox.dispatcher.start();
  let deferred = 0;
  const deferNext = (count: number): void => {
    for (let left = count; left > 0; left -= 1)
      outbox.network.scripts.push(() => {
        deferred += 1;
        throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the page is loading');
      });
  };
  const onRedis = async (...[name, ...rest]: [string, ...string[]]): Promise<unknown> => {
    const client = new Redis(server.url);
    try {
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  };
  return { ...scheduled, server, proxy, outbox, deferred: () => deferred, deferNext, onRedis };
}

/** Sends under way, of which each chat's first has been put back. @returns once all have left, whatever was done meanwhile */
async function sendThrough(world: World, fault: () => Promise<unknown>): Promise<void> {
  const { outbox, deferred, deferNext } = world;
  const ids: string[] = [];
  deferNext(CHATS.length * 2);
  for (let n = 0; n < EACH; n += 1) for (const chat of CHATS) ids.push((await outbox.accept(`${n}`, chat)).id);
  outbox.sessions.up();
  await until('the first round of sends', () => deferred() >= CHATS.length);
  expect(outbox.network.sent).toEqual([]);
  await fault();
  for (const id of ids) await outbox.until(id, 'accepted');
  const texts = Array.from({ length: EACH }, (_, n) => `${n}`);
  for (const chat of CHATS) expect(outbox.network.texts(chat)).toEqual(texts);
  expect(outbox.network.sent).toHaveLength(ids.length);
}

/** Redis keeps the time again. */
async function expectRedisToWake({ outbox, woken, deferNext, scheduler }: World): Promise<void> {
  await until('Redis to be back', () => scheduler.state === 'ok', { timeoutMs: 40_000 });
  const before = woken.redis;
  deferNext(1);
  const { id } = await outbox.accept('after all that', CHATS[0]);
  await outbox.until(id, 'accepted');
  await until('a wake-up by Redis', () => woken.redis > before);
}

const texts = ({ lines }: World): string[] =>
  lines.filter(({ level }) => level === 'warn' || level === 'info').map(({ text }) => text);

test('without a fault Redis keeps the time, and every message leaves once and in order', async () => {
  const world = await open();
  await sendThrough(world, async () => undefined);
  expect(world.woken.redis).toBeGreaterThan(0);
  expect(texts(world)).toEqual(['wake-ups are kept in Redis']);
});

interface Case {
  readonly what: string;
  readonly fault: (world: World) => Promise<unknown>;
  readonly heal: (world: World) => Promise<unknown>;
  /** What readiness says meanwhile. */
  readonly state: RegExp;
}

const AWAYS: readonly Case[] = [
  {
    what: 'killed, and restarted without its data',
    fault: ({ server }) => server.kill(),
    heal: ({ server }) => server.restart(),
    state: /ECONNREFUSED|ECONNRESET|connection/,
  },
  {
    what: 'held still',
    fault: ({ server }) => server.pause(),
    heal: ({ server }) => server.resume(),
    state: /took longer than/,
  },
  {
    what: 'out of memory',
    fault: ({ onRedis }) => onRedis('CONFIG', 'SET', 'maxmemory', '1'),
    heal: ({ onRedis }) => onRedis('CONFIG', 'SET', 'maxmemory', '0'),
    state: /its memory is full \(OOM\)/,
  },
  {
    what: 'made a read-only replica',
    fault: ({ onRedis }) => onRedis('REPLICAOF', '127.0.0.1', '1'),
    heal: ({ onRedis }) => onRedis('REPLICAOF', 'NO', 'ONE'),
    state: /read-only replica \(READONLY\)/,
  },
  {
    what: 'unreachable',
    fault: ({ proxy }) => proxy.refuse(),
    heal: ({ proxy }) => proxy.forward(),
    state: /ECONNREFUSED|ECONNRESET|connection/,
  },
  {
    what: 'behind a network that swallows its answers',
    fault: async ({ proxy }) => proxy.swallow('to the client'),
    heal: async ({ proxy }) => {
      await proxy.forward();
      proxy.cut();
    },
    state: /took longer than|connection/,
  },
];

describe('Redis cannot be used for a while', () => {
  test.each(AWAYS)('$what: messages are sent, and Redis is used again', async ({ fault, heal, state }) => {
    const world = await open();
    await sendThrough(world, () => fault(world));
    await until('the bridge to notice', () => state.test(world.scheduler.state), {
      details: () => world.scheduler.state,
    });
    expect(world.scheduler.state).toMatch(/^degraded: Redis cannot be used/);
    expect(world.ups.at(-1)).toBe(false);
    expect(world.woken.process).toBeGreaterThan(0);
    await heal(world);
    await expectRedisToWake(world);
    expect(world.ups.at(-1)).toBe(true);
    // One line at its beginning and one at its end.
    expect(texts(world)).toEqual(['wake-ups are kept in Redis', AWAY, BACK]);
  });

  test('a connection that is cut', async () => {
    const world = await open();
    await sendThrough(world, async () => world.proxy.cut());
    await expectRedisToWake(world);
    expect(texts(world)).toEqual(['wake-ups are kept in Redis', AWAY, BACK]);
  });

  test('from the start of the bridge', async () => {
    const world = await open((proxy) => proxy.refuse());
    expect(world.scheduler.state).toMatch(/ECONNREFUSED/);
    await sendThrough(world, async () => undefined);
    expect(world.woken).toMatchObject({ redis: 0 });
    await world.proxy.forward();
    await expectRedisToWake(world);
    expect(texts(world)).toEqual([AWAY, BACK]);
  });
});

describe('Redis loses what it was given', () => {
  test('flushed: the bridge notices, and gives it the wake-ups again', async () => {
    const world = await open();
    await sendThrough(world, () => world.onRedis('FLUSHALL'));
    await until('the bridge to notice', () => texts(world).some((text) => LOST.test(text)));
    await expectRedisToWake(world);
  });

  test('evicting keys that it needs: each wake-up is late at most', async () => {
    const world = await open();
    await world.onRedis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-random');
    await sendThrough(world, () => world.onRedis('CONFIG', 'SET', 'maxmemory', '1'));
    expect(world.woken.process).toBeGreaterThan(0);
    await world.onRedis('CONFIG', 'SET', 'maxmemory', '0');
    await expectRedisToWake(world);
  });

  test('lost for good: everything is sent, and the bridge stops in time', async () => {
    const world = await open();
    await sendThrough(world, () => world.server.kill());
    const started = performance.now();
    await world.scheduler.stop();
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

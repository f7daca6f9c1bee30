/** What the doctor says of a real Redis. */
import { afterEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { checkRedis } from '../../bridge/src/cli/doctor-redis.ts';
import { loadSettings } from '../../bridge/src/config/load-settings.ts';
import { startRedis, type RedisOptions } from '../servers/redis.ts';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

async function open(options: RedisOptions = {}) {
  const server = await startRedis(options);
  ends.push(() => server.stop());
  const onRedis = async (...[name, ...rest]: [string, ...string[]]): Promise<unknown> => {
    const client = new Redis(server.url);
    try {
      return await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  };
  return { server, onRedis, examine: () => examine(server.url) };
}

const examine = (url: string) => checkRedis(loadSettings({ WABRIDGE_REDIS_URL: url }).settings);

test('a Redis that is as it should be, and one that forgets at a restart', async () => {
  const keeps = await open({ durable: true });
  expect(await keeps.examine()).toMatchObject({
    state: 'ok',
    detail: expect.stringMatching(/^Redis \d+\.\d+\.\d+ at 127.*append-only/),
  });
  const forgets = await open();
  expect(await forgets.examine()).toMatchObject({ state: 'ok', detail: expect.stringContaining('forgets its data') });
});

test('without a Redis in the settings', async () => {
  expect(await checkRedis(loadSettings({}).settings)).toMatchObject({
    state: 'ok',
    detail: expect.stringContaining('not used'),
  });
});

test('an eviction policy, and memory that is nearly full', async () => {
  const { onRedis, examine: look } = await open();
  await onRedis('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
  await onRedis('CONFIG', 'SET', 'maxmemory', '2mb');
  expect(await look()).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/eviction policy is allkeys-lru: .*second late/),
    todo: expect.stringContaining('maxmemory-policy noeviction'),
  });
  await onRedis('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
  await onRedis('CONFIG', 'SET', 'maxmemory', '1000');
  expect(await look()).toMatchObject({
    state: 'warning',
    detail: expect.stringMatching(/memory is full \(OOM\).*nearly full/),
  });
});

test('a replica', async () => {
  const { onRedis, examine: look } = await open();
  await onRedis('REPLICAOF', '127.0.0.1', '1');
  expect(await look()).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('read-only replica (READONLY)'),
    todo: expect.stringContaining('Name the primary'),
  });
});

test('a wrong password, and nothing that answers: neither the password is told nor a command', async () => {
  const { server } = await open({ password: 'open-sesame' });
  const wrong = await examine(server.url.replace('open-sesame', 'close-sesame'));
  expect(wrong).toMatchObject({
    state: 'warning',
    detail: expect.stringContaining('user or password is not accepted'),
  });
  await server.stop();
  const gone = await examine(server.url);
  expect(gone).toMatchObject({ state: 'warning', detail: expect.stringContaining('ECONNREFUSED') });
  expect(JSON.stringify([wrong, gone])).not.toContain('sesame');
});

/** A whole bridge on Redis, in a process of its own: what it says of it, and that it needs it neither to start, to send nor to stop. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest, test } from '@jest/globals';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import { startRedis } from '../servers/redis.ts';
import { TcpProxy } from '../servers/tcp-proxy.ts';
import { until } from '../until.ts';

jest.setTimeout(180_000);

const PASSWORD = 'open-sesame';
const CHATS = ['491511111111', '491522222222', '491533333333'];
const AWAY = 'Redis cannot be used; messages go on being sent';

const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

interface Message {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
}
interface Report {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

test('starts, sends in order and stops without Redis, and says what it does', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'wabridge-on-redis-'));
  ends.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 5 }));
  const server = await startRedis({ password: PASSWORD });
  ends.push(() => server.stop());
  const proxy = await TcpProxy.before(server.port);
  ends.push(() => proxy.stop());
  const env = { WABRIDGE_REDIS_URL: proxy.through(server.url) };
  const port = await freePort();
  const faults = { WABRIDGE_SANDBOX_FAULTS: JSON.stringify({ sendDeferred: { count: CHATS.length } }) };

  // Its first life: Redis keeps the time of messages that were put back, and goes away.
  const first = new BridgeProcess(dataDir, port, { ...env, ...faults });
  ends.push(() => first.kill());
  await first.start();
  const readiness = (bridge: BridgeProcess) => bridge.client.request<Report>('GET', '/v1/ready');
  const stateOf = async (bridge: BridgeProcess) => (await readiness(bridge)).checks['scheduler'] ?? '';
  expect(await stateOf(first)).toBe('ok');
  await first.client.request('POST', '/v1/sessions', { body: { name: 'support', engine: 'sandbox' } });
  await until('the session', async () => {
    const { state } = await first.client.request<{ state: string }>('GET', '/v1/sessions/support');
    return state === 'ready';
  });
  const ids: string[] = [];
  for (const text of ['1', '2'])
    for (const to of CHATS) {
      const body = { session: 'support', type: 'text', to: `+${to}`, text };
      const headers = { 'idempotency-key': randomUUID() };
      ids.push((await first.client.request<Message>('POST', '/v1/messages', { body, headers })).id);
    }
  const messages = (bridge: BridgeProcess) =>
    Promise.all(ids.map((id) => bridge.client.request<Message>('GET', `/v1/messages/${id}`)));
  await until('the first of each chat to be put back', async () => {
    const heads = (await messages(first)).slice(0, CHATS.length);
    return heads.every(({ state, attempts }) => state === 'queued' && attempts > 0);
  });
  await proxy.refuse();
  await until('the bridge to notice', async () => (await stateOf(first)).startsWith('degraded: Redis'));
  expect((await readiness(first)).ready).toBe(true);
  await first.kill();

  // Its second life begins without Redis.
  const second = new BridgeProcess(dataDir, port, env);
  ends.push(() => second.kill());
  await second.start();
  expect(await stateOf(second)).toMatch(/^degraded: Redis .*ECONNREFUSED/);
  await until('all messages to be sent', async () =>
    (await messages(second)).every(({ state }) => ['accepted', 'delivered', 'read'].includes(state)),
  );
  const { events } = await second.client.request<{ events: { type: string; data: Record<string, unknown> }[] }>(
    'GET',
    '/v1/events',
    { query: { after: 'earliest', limit: '500' } },
  );
  const sent = events.filter(({ type }) => type === 'message.sent').map(({ data }) => data['outboxId']);
  expect([...sent].sort()).toEqual([...ids].sort());
  for (const [index] of CHATS.entries())
    expect(sent.indexOf(ids[index])).toBeLessThan(sent.indexOf(ids[index + CHATS.length]));

  await proxy.forward();
  await until('Redis to be used again', async () => (await stateOf(second)) === 'ok');
  proxy.hold();
  expect(await second.stop()).toBe(0);
  expect(first.output.split(AWAY)).toHaveLength(2);
  // Once, or again if it noticed before it stopped.
  expect(second.output).toContain(AWAY);
  expect(first.output + second.output).not.toContain(PASSWORD);
});

/** Connections of the stream client: how they begin, end and begin again. */
import { describe, expect, jest, test } from '@jest/globals';
import { pauseBeforeReconnect } from '../../nodes/WaBridgeTrigger/reconnect';
import {
  bridge,
  client,
  shown,
  waits,
  refuseWith,
  create,
  subscribed,
  roundTrip,
  settableClock,
  logged,
  useBridge,
} from './stream-client-harness';

useBridge();

test('sends its headers and subprotocol, subscribes, answers pings', async () => {
  const starting = create().start();
  const stream = await subscribed(1);
  expect(await starting).toBeNull();
  expect(bridge.upgrades[0]?.headers).toMatchObject({ signature: 'wab=:x:', 'sec-websocket-protocol': 'wabridge.v1' });
  expect(await stream.next('subscribe')).toEqual({
    type: 'subscribe',
    subscription: 'n8n:i:w:n',
    durable: true,
    filter: { types: ['message.received'] },
    from: 'resume',
    window: 5,
  });
  stream.send({ type: 'ping', id: 42, positions: {} });
  expect(await stream.next('pong')).toEqual({ type: 'pong', id: 42 });
});

describe('a refused upgrade', () => {
  test('asks why, tells once per distinct reason, and goes on for ever', async () => {
    bridge.refuseUpgrades = true;
    refuseWith({ reason: 'The clock is off by 90 s.', isTemporary: true, answered: true });
    let rounds = 0;
    const first = await create({
      wait: async () => {
        rounds += 1;
        if (rounds === 3) refuseWith({ reason: 'The key has expired.', isTemporary: false, answered: true });
        if (rounds === 6) bridge.refuseUpgrades = false;
      },
    }).start();
    expect(first).toEqual({ reason: 'The clock is off by 90 s.', isTemporary: true, answered: true });
    await subscribed(1);
    expect(rounds).toBe(6);
    expect(logged('The clock is off')).toHaveLength(1);
    expect(logged('The key has expired')).toHaveLength(1);
    expect(shown).toHaveLength(2);
  });

  test('is no news to the builder of the workflow where nothing answers', async () => {
    bridge.refuseUpgrades = true;
    await create({ wait: async () => void (bridge.refuseUpgrades = false) }).start();
    await subscribed(1);
    expect(logged('Nothing answers')).toHaveLength(1);
    expect(shown).toEqual([]);
  });

  test('waits longer each time', async () => {
    bridge.refuseUpgrades = true;
    await create({ wait: async () => void (bridge.refuseUpgrades = waits.length < 8) }).start();
    await subscribed(1);
    expect(waits.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  });
});

test('half of a backoff is chance, so that many triggers do not return together', () => {
  const waitsOf = (failures: number) =>
    [0, 0.5, 1].map((random) => pauseBeforeReconnect({ kind: 'refused' }, failures, random));
  expect(waitsOf(1)).toEqual([250, 375, 500]);
  expect(waitsOf(4)).toEqual([2_000, 3_000, 4_000]);
  expect(waitsOf(1_000)).toEqual([30_000, 45_000, 60_000]);
});

describe('the end of a connection', () => {
  test('a refused subscription is told with the words of the bridge', async () => {
    const starting = create({
      wait: async (_ms, signal) => await new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
    }).start();
    const stream = await bridge.stream(1);
    stream.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 256 });
    await stream.next('subscribe');
    stream.send({
      type: 'error',
      subscription: 'n8n:i:w:n',
      code: 'WAB_SESSION_NOT_ALLOWED',
      message: 'Key k may not use session sales.',
    });
    expect(await starting).toEqual({
      reason: 'Key k may not use session sales. (WAB_SESSION_NOT_ALLOWED)',
      isTemporary: false,
      answered: true,
    });
  });

  test('a restart of the bridge: waits as long as it asks for', async () => {
    void create().start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'restart', reconnectAfterMs: 3_000 });
    stream.socket.close(4000);
    await subscribed(2);
    expect(waits).toEqual([3_000]);
    expect(shown).toEqual([]);
  });

  test('superseded: waits at least a minute, and says why', async () => {
    void create().start();
    for (const number of [1, 2, 3]) {
      const stream = await subscribed(number);
      stream.send({ type: 'bye', reason: 'superseded', reconnectAfterMs: 0, subscription: 'n8n:i:w:n' });
      stream.socket.close(4002);
    }
    await subscribed(4);
    expect(waits).toEqual([60_000, 60_000, 60_000]);
    expect(shown[0]).toContain('another connection took over');
    expect(shown[0]).toContain('staging');
  });

  test('superseded: from then on takes the subscription from nobody, and asks every minute whether it is free', async () => {
    void create().start();
    const first = await subscribed(1);
    first.send({ type: 'bye', reason: 'superseded', reconnectAfterMs: 0, subscription: 'n8n:i:w:n' });
    first.socket.close(4002);
    for (const number of [2, 3]) {
      const stream = await bridge.stream(number);
      stream.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 256 });
      expect(await stream.next('subscribe')).toMatchObject({ takeover: false });
      stream.send({
        type: 'error',
        subscription: 'n8n:i:w:n',
        code: 'WAB_SUBSCRIPTION_BUSY',
        message: 'It is in use.',
      });
    }
    const free = await subscribed(4);
    free.socket.terminate();
    const again = await subscribed(5);
    expect(await again.next('subscribe')).not.toHaveProperty('takeover');
    expect(waits.slice(0, 3)).toEqual([60_000, 60_000, 60_000]);
    expect(shown).toHaveLength(1);
  });

  test('a revoked key: is shown, and tried again after a minute, since a new key may be in the credential then', async () => {
    void create().start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'key_revoked', reconnectAfterMs: 0 });
    stream.socket.close(4001);
    await subscribed(2);
    expect(waits[0]).toBeGreaterThanOrEqual(60_000);
    expect(shown[0]).toContain('revoked');
  });

  test('silence longer than two heartbeats: connects again', async () => {
    void create().start();
    const first = await subscribed(1, { heartbeatMs: 100 });
    const quietSince = Date.now();
    await first.closed;
    expect(Date.now() - quietSince).toBeGreaterThanOrEqual(190);
    await subscribed(2);
    expect(logged('silent')).toHaveLength(1);
  });

  test.each([-2, 2])(
    'silence is noticed in its time, though the clock is set by %i h',
    async (hours) => {
      void create().start();
      const first = await subscribed(1, { heartbeatMs: 1_000 });
      const { set } = settableClock();
      try {
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        await roundTrip(first);
        const quietSince = performance.now();
        set(hours);
        // By now it has looked, and would have taken the step for silence.
        await new Promise((resolve) => setTimeout(resolve, 1_200));
        expect(logged('silent')).toHaveLength(0);
        await first.closed;
        expect(performance.now() - quietSince).toBeGreaterThanOrEqual(1_900);
        expect(performance.now() - quietSince).toBeLessThan(20_000);
        await subscribed(2);
        expect(logged('silent')).toHaveLength(1);
      } finally {
        jest.restoreAllMocks();
      }
    },
    30_000,
  );

  test.each([-2, 2])(
    'a connection that held is told from one that did not, though the clock is set by %i h',
    async (hours) => {
      void create().start();
      const { set, pass } = settableClock();
      try {
        for (const number of [1, 2, 3, 4]) {
          const stream = await subscribed(number);
          await roundTrip(stream);
          if (number === 3) pass(11_000);
          set(number % 2 === 0 ? 0 : hours);
          stream.socket.terminate();
        }
        await subscribed(5);
        const [first, second, held, after] = waits as [number, number, number, number];
        expect([second, held, after]).toEqual([2 * first, first, 2 * first]);
      } finally {
        jest.restoreAllMocks();
      }
    },
  );

  test('pings keep it open', async () => {
    void create().start();
    const stream = await subscribed(1, { heartbeatMs: 150 });
    for (let beat = 0; beat < 6; beat += 1) {
      await new Promise((resolve) => setTimeout(resolve, 75));
      await roundTrip(stream);
    }
    expect(bridge.connections).toBe(1);
  });

  test('stopping does not wait for a backoff', async () => {
    void create({
      wait: async (ms, signal) =>
        await new Promise((resolve) => {
          if (signal.aborted) resolve();
          else {
            signal.addEventListener('abort', () => resolve());
            void ms;
          }
        }),
    }).start();
    const stream = await subscribed(1);
    stream.send({ type: 'bye', reason: 'restart', reconnectAfterMs: 3_600_000 });
    stream.socket.close(4000);
    while (waits.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await client.stop();
    expect(waits).toEqual([3_600_000]);
  });
});

test('an ephemeral subscription begins at the latest event and goes on where it was', async () => {
  void create({ durable: false }).start();
  const first = await subscribed(1);
  expect(await first.next('subscribe')).toMatchObject({ durable: false, from: 'latest' });
  first.send({ type: 'ping', id: 1, positions: { 'n8n:i:w:n': 'cur-77' } });
  await first.next('pong');
  first.socket.terminate();
  const second = await bridge.stream(2);
  second.send({ type: 'hello', protocol: 'wabridge.v1', connection: 'c', heartbeatMs: 15_000, maxWindow: 2 });
  expect(await second.next('subscribe')).toMatchObject({ from: 'cur-77', window: 2 });
});

import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { KeyId, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import { eventually, Harness, key, textOf, type HarnessOptions } from './harness.ts';

jest.setTimeout(30_000);
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> => (harness = await Harness.start(options));
afterEach(() => harness.close());

describe('the upgrade', () => {
  test('needs the subprotocol', async () => {
    await start();
    for (const protocols of [[], ['wabridge.v2']]) {
      const socket = new WebSocket(harness.url, protocols);
      const [error] = (await once(socket, 'error')) as [Error];
      expect(error.message).toContain('400');
    }
    expect(harness.hub.stats().connections).toBe(0);
  });

  test('is refused beyond the limit of connections', async () => {
    await start({ settings: { maxConnections: 1 } });
    const first = await harness.connect();
    const [error] = (await once(new WebSocket(harness.url, 'wabridge.v1'), 'error')) as [Error];
    expect(error.message).toContain('503');
    first.socket.close();
    await first.closed;
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    await harness.connect();
  });
});

test('one key cannot open all streams: beyond its share it is refused, others are not', async () => {
  await start({ settings: { maxConnectionsPerKey: 2 } });
  const first = await harness.connect();
  await harness.connect();
  const [error] = (await once(new WebSocket(harness.url, 'wabridge.v1'), 'error')) as [Error];
  expect(error.message).toContain('429');
  await harness.connect(key({ keyId: 'key2' }));
  harness.principal = key();
  first.socket.close();
  await first.closed;
  await eventually(() => expect(harness.hub.stats().connections).toBe(2));
  await harness.connect();
});

describe('frames', () => {
  const malformed: readonly (readonly [string, string | Buffer])[] = [
    ['no JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
    ['an unknown type', '{"type":"hello"}'],
    ['a type from the prototype', '{"type":"toString"}'],
    ['an unknown field', '{"type":"ping","id":1,"extra":true}'],
    ['a missing field', '{"type":"ping"}'],
    ['a bad name', '{"type":"subscribe","subscription":"../x","durable":true,"filter":{},"from":"resume","window":1}'],
    ['a window of 0', '{"type":"subscribe","subscription":"x","durable":true,"filter":{},"from":"resume","window":0}'],
    [
      'an unknown event type',
      '{"type":"subscribe","subscription":"x","durable":true,"filter":{"types":["nope"]},"from":"resume","window":1}',
    ],
    ['no cursors', '{"type":"ack","subscription":"sub","cursors":[],"attempt":1}'],
    ['a bad cursor', '{"type":"ack","subscription":"sub","cursors":["x"],"attempt":1}'],
    ['an attempt of 0', '{"type":"ack","subscription":"sub","cursors":["a.1"],"attempt":0}'],
    [
      'a negative wait',
      '{"type":"nack","subscription":"sub","cursors":["a.1"],"attempt":1,"retryAfterMs":-1,"reason":""}',
    ],
    ['binary', Buffer.from('{"type":"ping","id":1}')],
    [
      'a second subscribe',
      '{"type":"subscribe","subscription":"sub","durable":true,"filter":{},"from":"resume","window":1}',
    ],
  ];

  test('that do not fit are told apart and end the connection, others live on', async () => {
    await start();
    const bystander = await harness.connect();
    await bystander.subscribe({ subscription: 'bystander' });
    for (const [what, frame] of malformed) {
      const client = await harness.connect();
      await client.subscribe({ durable: false });
      client.socket.send(frame);
      const error = await client.next('error');
      expect([what, error.code]).toEqual([what, what === 'a bad cursor' ? 'WAB_CURSOR_INVALID' : 'WAB_FRAME_INVALID']);
      expect(await client.next('bye')).toMatchObject({ reason: 'protocol_error' });
      expect([what, (await client.closed).code]).toEqual([what, 4003]);
    }
    await harness.say('1');
    await bystander.event();
  });

  test('that are too large end the connection', async () => {
    await start();
    const client = await harness.connect();
    client.socket.send('x'.repeat(300 * 1024));
    expect((await client.closed).code).toBe(1009);
  });

  test('an answer to something that was never sent changes nothing', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    const { epoch } = harness.events;
    client.send({
      type: 'ack',
      subscription: 'sub',
      cursors: [`${epoch}.1`, `${epoch}.99`, 'otherhistory.1'],
      attempt: 1,
    });
    await client.settled();
    await harness.say('1', 'not skipped');
    expect(textOf(await client.event())).toBe('not skipped');
  });

  test('a connection has a bounded number of subscriptions', async () => {
    await start({ settings: { maxSubscriptionsPerConnection: 2 } });
    const client = await harness.connect();
    await client.subscribe({ subscription: 'one', durable: false });
    await client.subscribe({ subscription: 'two', durable: false });
    client.send({ type: 'subscribe', subscription: 'three', durable: false, filter: {}, from: 'latest', window: 1 });
    expect((await client.closed).code).toBe(4003);
  });
});

describe('heartbeats', () => {
  test('who does not answer two of them is closed as slow; who answers stays, however long a run takes', async () => {
    await start({ settings: { heartbeatMs: 100, lossBackoffMs: 1 } });
    const silent = await harness.connect();
    silent.answers = false;
    const busy = await harness.connect();
    await busy.subscribe();
    await harness.say('1');
    await busy.event(); // and no acknowledgement for longer than the silent one lives
    expect((await silent.closed).code).toBe(4004);
    expect(await silent.next('bye')).toMatchObject({ reason: 'slow' });
    await busy.next('ping', ({ id }) => id >= 6);
    expect(busy.socket.readyState).toBe(busy.socket.OPEN);
    expect(harness.hub.stats()).toMatchObject({ connections: 1, inFlight: 1 });
  });
});

describe('keys', () => {
  test('a revoked key loses its open streams at once, and one that is just coming in', async () => {
    await start();
    const [revoked, also, other] = [
      await harness.connect(),
      await harness.connect(),
      await harness.connect(key({ keyId: 'other' })),
    ];
    await revoked.subscribe();
    await harness.say('1');
    await revoked.event();
    const at = Date.now();
    harness.hub.closeKey('key1' as KeyId);
    expect((await revoked.closed).code).toBe(4001);
    expect((await also.closed).code).toBe(4001);
    expect(Date.now() - at).toBeLessThan(1_000);
    expect(await revoked.next('bye')).toMatchObject({ reason: 'key_revoked' });
    await other.settled();
    const late = await harness.connect();
    expect((await late.closed).code).toBe(4001);
  });

  test('a stream ends when its key expires', async () => {
    await start();
    const client = await harness.connect(key({ expiresAt: new Date(Date.now() + 300).toISOString() }));
    await client.subscribe();
    expect((await client.closed).code).toBe(4001);
    expect(await client.next('bye')).toMatchObject({ reason: 'key_revoked' });
  });
});

describe('operators', () => {
  test('see subscriptions, connected or not', async () => {
    await start();
    const client = await harness.connect(key({ sessions: ['support'] }));
    await client.subscribe({ window: 1, filter: { types: ['message.received'] } });
    await harness.sayMany(3, 3);
    await client.event();
    const expected = {
      name: 'sub',
      filter: { sessions: ['support'], types: ['message.received'] },
      waiting: 3,
      takeovers: 0,
    };
    expect(await harness.hub.subscriptions(key())).toMatchObject([
      { ...expected, connected: true, inFlight: 1, blockedBy: 'support|0@c.us' },
    ]);
    client.terminate();
    await eventually(async () => {
      expect(await harness.hub.subscriptions(key())).toMatchObject([
        { ...expected, connected: false, inFlight: 0, blockedBy: null, cursor: `${harness.events.epoch}.0` },
      ]);
    });
  });

  test('delete a subscription: its reader is told, and what it kept is gone', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    await harness.sayMany(3, 3);
    await client.event();
    await harness.hub.deleteSubscription('sub' as SubscriptionName, key());
    expect(await client.next('bye')).toMatchObject({ reason: 'subscription_deleted' });
    expect((await client.closed).code).toBe(4005);
    expect(await harness.hub.subscriptions(key())).toEqual([]);
    expect(await harness.database.reader.selectFrom('stream_positions').selectAll().execute()).toEqual([]);
    await expect(harness.hub.deleteSubscription('sub' as SubscriptionName, key())).rejects.toMatchObject({
      code: 'WAB_SUBSCRIPTION_NOT_FOUND',
    });
    const again = await harness.connect();
    expect(await again.subscribe()).toMatchObject({ resumed: 0 });
  });

  test('find an event where an unused subscription was removed; one in use stays', async () => {
    let now = Date.now();
    const clock = {
      ...systemClock,
      now: () => now,
      sleep: (ms: number, signal?: AbortSignal) =>
        import('node:timers/promises').then(({ setTimeout }) => setTimeout(ms, undefined, { signal, ref: false })),
    };
    await start({ clock, settings: { expiryDays: 30, heartbeatMs: 300_000 } });
    const watcher = await harness.connect();
    await watcher.subscribe({ subscription: 'watcher' });
    const client = await harness.connect();
    await client.subscribe({ subscription: 'forgotten' });
    client.socket.close();
    await client.closed;
    await eventually(async () =>
      expect((await harness.hub.subscriptions(key())).filter(({ connected }) => connected)).toHaveLength(1),
    );
    now += 29 * 86_400_000;
    await harness.hub.sweep();
    expect(await harness.hub.subscriptions(key())).toHaveLength(2);
    now += 2 * 86_400_000;
    await harness.hub.sweep();
    expect((await watcher.event()).event).toMatchObject({
      type: 'subscription.expired',
      session: null,
      data: { subscription: 'forgotten' },
    });
    expect(await harness.hub.subscriptions(key())).toMatchObject([{ name: 'watcher' }]);
  });
});

describe('a subscription that nobody reads', () => {
  test('is paused after its time, shows it, and says what it did not gather when its reader is back', async () => {
    let now = Date.now();
    const clock = { ...systemClock, now: () => now };
    await start({ clock, settings: { pauseDays: 7, heartbeatMs: 300_000 } });
    const reader = await harness.connect();
    await reader.subscribe();
    const watcher = await harness.connect();
    await watcher.subscribe({ subscription: 'watcher', from: 'latest' });
    reader.terminate();
    const view = async () => (await harness.hub.subscriptions(key())).find(({ name }) => name === 'sub');
    await eventually(async () => expect(await view()).toMatchObject({ connected: false, pausedAt: null }));
    await harness.say('1', 'while nobody read');
    now += 6 * 86_400_000;
    await harness.hub.sweep();
    expect(await view()).toMatchObject({ pausedAt: null, waiting: 1 });
    now += 2 * 86_400_000;
    await harness.hub.sweep();
    const pausedAt = new Date(now).toISOString();
    await harness.say('1', 'while it was paused');
    expect(await view()).toMatchObject({ pausedAt, waiting: 0 });
    expect((await harness.hub.subscriptions(key())).find(({ name }) => name === 'watcher')).toMatchObject({
      pausedAt: null,
    });
    const back = await harness.connect();
    const { cursor } = await back.subscribe();
    expect(await back.next('reset')).toMatchObject({ reason: 'paused', lost: 2, oldest: cursor });
    await harness.say('1', 'from now on');
    const event = await back.event();
    expect(textOf(event)).toBe('from now on');
    expect(event.previous).toBeNull();
    expect(await view()).toMatchObject({ connected: true, pausedAt: null });
    back.ack(event);
    await back.settled();
    back.terminate();
    await eventually(async () => expect(await view()).toMatchObject({ connected: false }));
    const again = await harness.connect();
    await again.subscribe();
    await again.settled();
    expect(again.frames.filter(({ type }) => type === 'reset')).toEqual([]);
  });

  test('can be read from where it was, by its cursor, although it was paused', async () => {
    let now = Date.now();
    await start({
      clock: { ...systemClock, now: () => now },
      settings: { heartbeatMs: 300_000 },
    });
    const reader = await harness.connect();
    const { cursor } = await reader.subscribe();
    reader.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    await harness.say('1', 'kept');
    now += 8 * 86_400_000;
    await harness.hub.sweep();
    const back = await harness.connect();
    await back.subscribe({ from: cursor });
    expect(textOf(await back.event())).toBe('kept');
  });
});

describe('the list', () => {
  test('names the chat whose event is still being worked on while others wait, and no other time', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    const blockedBy = async () => (await harness.hub.subscriptions(key()))[0]!.blockedBy;
    await harness.say('4915112345678', 'slow run');
    const slow = await client.event();
    expect(await blockedBy()).toBeNull();
    await harness.say('2', 'waits');
    expect(await blockedBy()).toBe('support|**********678@c.us');
    client.ack(slow);
    await client.event();
    expect(await blockedBy()).toBeNull();
  });
});

describe('the end of the bridge', () => {
  test('takes answers for a while, sends nothing new, and is closed to newcomers', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    await harness.say('1');
    await harness.say('2');
    const event = await client.event();
    const stopping = harness.hub.stop(20_000);
    expect(await client.next('bye')).toMatchObject({ reason: 'restart', reconnectAfterMs: expect.any(Number) });
    const [error] = (await once(new WebSocket(harness.url, 'wabridge.v1'), 'error')) as [Error];
    expect(error.message).toContain('503');
    client.ack(event);
    await stopping;
    expect((await client.closed).code).toBe(4000);
    expect(client.events).toEqual([]);
    await harness.stop();
    await harness.open();
    expect(await harness.hub.subscriptions(key())).toMatchObject([{ waiting: 1, cursor: event.cursor }]);
  });
});

/** Events on their way to a subscriber, and where a subscription starts. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, Harness, key, seqOf, textOf, type HarnessOptions } from './harness.ts';
import { positionsOf, subscriptionNamed } from '../../../bridge/src/store/stream.repository.ts';
import type { SubscriptionName } from '../../../bridge/src/contract/ids.ts';

jest.setTimeout(30_000);
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> => (harness = await Harness.start(options));
afterEach(() => harness.close());

const stored = async (name = 'sub') => {
  const subscription = await subscriptionNamed(harness.database.reader, name as SubscriptionName);
  return { subscription, positions: subscription ? await positionsOf(harness.database.reader, subscription.id) : [] };
};

describe('delivery', () => {
  test('an event reaches its subscriber with cursor, attempt and content', async () => {
    await start();
    const client = await harness.connect();
    const subscribed = await client.subscribe();
    expect(subscribed.resumed).toBe(0);
    const seq = await harness.say('4915100000001', 'hello');
    const event = await client.event();
    expect(event).toMatchObject({ subscription: 'sub', attempt: 1, previous: null });
    expect(seqOf(event)).toBe(seq);
    expect(textOf(event)).toBe('hello');
  });

  test('one event per chat is in flight, chats run side by side, and the window bounds them', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 2 });
    await harness.say('1', 'a1');
    await harness.say('1', 'a2');
    await harness.say('2', 'b1');
    await harness.say('3', 'c1');
    const a1 = await client.event((frame) => textOf(frame) === 'a1');
    const b1 = await client.event((frame) => textOf(frame) === 'b1');
    await client.settled();
    expect(client.events).toEqual([]);
    client.ack(b1);
    expect(textOf(await client.event())).toBe('c1');
    client.ack(a1);
    const a2 = await client.event();
    expect(textOf(a2)).toBe('a2');
    expect(a2.previous).toBe(a1.cursor);
  });

  test('an attempt is on disk before its frame arrives, an acknowledgement before the next event does', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    const first = await harness.say('1');
    await harness.say('2');
    const event = await client.event();
    expect((await stored()).positions).toMatchObject([{ seq: first, state: 'sent', attempts: 1 }]);
    client.ack(event);
    const second = await client.event();
    const { subscription, positions } = await stored();
    expect(subscription!.floor).toBe(first);
    expect(positions).toMatchObject([{ seq: seqOf(second), state: 'sent' }]);
  });

  test('after a reconnect the subscription goes on where it was, and repeats what is open', async () => {
    await start({ settings: { lossBackoffMs: 20 } });
    const one = await harness.connect();
    await one.subscribe();
    await harness.say('1', 'a1');
    await harness.say('1', 'a2');
    await harness.say('2', 'b1');
    const a1 = await one.event((frame) => textOf(frame) === 'a1');
    const b1 = await one.event((frame) => textOf(frame) === 'b1');
    one.ack(b1);
    await one.settled();
    one.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    await harness.say('2', 'b2');
    const two = await harness.connect();
    expect(await two.subscribe()).toMatchObject({ resumed: 3 });
    const again = await two.event((frame) => textOf(frame) === 'a1');
    expect(again).toMatchObject({ attempt: 2, cursor: a1.cursor, previous: a1.previous });
    const b2 = await two.event((frame) => textOf(frame) === 'b2');
    expect(b2).toMatchObject({ attempt: 1, previous: b1.cursor });
    two.ack(again);
    expect(textOf(await two.event())).toBe('a2');
    expect(two.events).toEqual([]);
  });

  test('a late acknowledgement of an earlier attempt, on another connection, is honoured', async () => {
    await start({ settings: { lossBackoffMs: 600_000 } });
    const one = await harness.connect();
    await one.subscribe();
    await harness.say('1', 'a1');
    const event = await one.event();
    one.terminate();
    await one.closed;
    const two = await harness.connect();
    await two.subscribe();
    two.ack(event);
    await harness.say('1', 'a2');
    expect(textOf(await two.event())).toBe('a2');
  });

  test('the position of a filter that matches nothing moves on, in the heartbeat and on disk', async () => {
    await start({ settings: { heartbeatMs: 50 } });
    const client = await harness.connect();
    await client.subscribe({ filter: { types: ['session.qr_issued'] } });
    const seq = await harness.say('1');
    const ping = await client.next('ping', ({ positions }) => Number(positions['sub']?.split('.')[1]) >= seq);
    expect(ping.blocked).toBeUndefined();
    await eventually(async () => expect((await stored()).subscription!.floor).toBe(seq));
  });

  test('one connection holds several subscriptions', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ subscription: 'one', filter: { types: ['message.received'] } });
    await client.subscribe({ subscription: 'two', filter: { types: ['session.degraded'] } });
    await harness.degrade();
    await harness.say('1');
    expect(await client.event(({ subscription }) => subscription === 'one')).toMatchObject({
      event: { type: 'message.received' },
    });
    expect(await client.event(({ subscription }) => subscription === 'two')).toMatchObject({
      event: { type: 'session.degraded' },
    });
  });
});

describe('ephemeral subscriptions', () => {
  test('start at the newest event, keep order, try again after a refusal, and leave nothing behind', async () => {
    await start();
    await harness.say('1', 'old');
    const client = await harness.connect();
    await client.subscribe({ subscription: 'test', durable: false, from: 'resume' });
    await harness.say('1', 'a1');
    await harness.say('1', 'a2');
    const a1 = await client.event();
    expect(textOf(a1)).toBe('a1');
    client.nack(a1);
    const again = await client.event();
    expect(again).toMatchObject({ attempt: 2, cursor: a1.cursor });
    client.ack(again);
    expect(textOf(await client.event())).toBe('a2');
    client.terminate();
    expect(await harness.hub.subscriptions(key())).toEqual([]);
    expect(await harness.hub.deadLetters(key(), { limit: 10 })).toEqual([]);
  });

  test('two of the same name do not disturb each other', async () => {
    await start();
    const [one, two] = [await harness.connect(), await harness.connect()];
    await one.subscribe({ subscription: 'test', durable: false });
    await two.subscribe({ subscription: 'test', durable: false });
    await harness.say('1', 'both');
    expect(textOf(await one.event())).toBe('both');
    expect(textOf(await two.event())).toBe('both');
  });
});

describe('where a subscription starts', () => {
  test('a new durable one starts at the newest event, earliest at the oldest, a cursor after itself', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ subscription: 'cursors', from: 'earliest' });
    await harness.say('1', 'one');
    await harness.say('2', 'two');
    const one = await client.event((frame) => textOf(frame) === 'one');
    expect(await client.subscribe({ subscription: 'new' })).toMatchObject({ resumed: 0 });
    expect(await client.subscribe({ subscription: 'all', from: 'earliest' })).toMatchObject({ resumed: 2 });
    expect(await client.subscribe({ subscription: 'rest', from: one.cursor })).toMatchObject({
      resumed: 1,
      cursor: one.cursor,
    });
    expect(textOf(await client.event(({ subscription }) => subscription === 'rest'))).toBe('two');
  });

  test('a cursor that retention has passed is reset, with how much is missing', async () => {
    await start();
    const client = await harness.connect();
    const { cursor } = await client.subscribe({ subscription: 'old', from: 'latest' });
    await harness.sayMany(10, 10);
    client.terminate();
    await harness.events.removeBefore(Date.now() + 1000, 4);
    const two = await harness.connect();
    await two.subscribe({ subscription: 'other', from: cursor });
    expect(await two.next('reset')).toMatchObject({ subscription: 'other', reason: 'expired', lost: 4 });
    expect(seqOf(await two.event())).toBe(harness.events.horizon + 1);
  });

  test('a durable subscription whose events retention has removed is told so, once', async () => {
    await start({ settings: { lossBackoffMs: 1 } });
    const one = await harness.connect();
    await one.subscribe({ window: 1 });
    await harness.sayMany(10, 10);
    const first = await one.event();
    one.terminate();
    await one.closed;
    await harness.events.removeBefore(Date.now() + 1000, 4);
    const two = await harness.connect();
    await two.subscribe();
    expect(await two.next('reset')).toMatchObject({ reason: 'expired', lost: 4 });
    const event = await two.event();
    expect(seqOf(event)).toBe(seqOf(first) + 4);
    two.ack(event);
    await two.settled();
    two.terminate();
    await two.closed;
    const three = await harness.connect();
    await three.subscribe();
    await three.event();
    expect(three.frames.filter(({ type }) => type === 'reset')).toEqual([]);
  });

  test('a connected subscription is told when events vanish before they could be delivered', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ window: 1 });
    await harness.sayMany(5, 1);
    const first = await client.event();
    await harness.events.removeBefore(Date.now() + 1000, 3);
    client.ack(first);
    const [one, two] = [await client.next('reset'), await client.next('reset')];
    expect([one.lost, two.lost]).toEqual([1, 1]);
    expect(seqOf(await client.event())).toBe(seqOf(first) + 3);
  });

  test('a cursor of another history, or beyond the newest event, is reset to the oldest that is kept', async () => {
    await start();
    await harness.sayMany(3, 3);
    const client = await harness.connect();
    await client.subscribe({ subscription: 'epoch', from: 'anotherhistory.2' });
    expect(await client.next('reset')).toMatchObject({ subscription: 'epoch', reason: 'epoch' });
    expect(seqOf(await client.event(({ subscription }) => subscription === 'epoch'))).toBe(1);
    await client.subscribe({ subscription: 'future', from: `${harness.events.epoch}.1000` });
    expect(await client.next('reset')).toMatchObject({ subscription: 'future', reason: 'future', lost: 997 });
    expect(seqOf(await client.event(({ subscription }) => subscription === 'future'))).toBe(1);
    client.send({ type: 'subscribe', subscription: 'bad', durable: true, filter: {}, from: 'no cursor', window: 1 });
    expect(await client.next('error')).toMatchObject({ subscription: 'bad', code: 'WAB_CURSOR_INVALID' });
  });

  test('a restored log has another epoch: a durable subscription is told and goes on from its own floor', async () => {
    await start();
    const one = await harness.connect();
    await one.subscribe();
    await harness.say('1', 'before');
    one.ack(await one.event());
    await one.settled();
    await harness.stop();
    const { DatabaseSync } = await import('node:sqlite');
    const { DATABASE_FILE } = await import('../../../bridge/src/store/sqlite/connection.ts');
    const database = new DatabaseSync(`${harness.dataDir}/${DATABASE_FILE}`);
    database.exec("update log_meta set epoch = 'restored'");
    database.close();
    await harness.open();
    const two = await harness.connect();
    await two.subscribe();
    expect(await two.next('reset')).toMatchObject({ reason: 'epoch', lost: 0 });
    await harness.say('1', 'after');
    expect(textOf(await two.event())).toBe('after');
    two.terminate();
    await two.closed;
    const three = await harness.connect();
    await three.subscribe();
    await three.event();
    expect(three.frames.filter(({ type }) => type === 'reset')).toEqual([]);
  });
});

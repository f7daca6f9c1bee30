import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  eventually,
  Harness,
  key,
  seqOf,
  textOf,
  type Frame,
  type HarnessOptions,
  type StreamClient,
} from './harness.ts';
import type { SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import { positionsOf, subscriptionNamed } from '../../../bridge/src/store/stream.repository.ts';

jest.setTimeout(30_000);
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> => (harness = await Harness.start(options));
afterEach(() => harness.close());

const positions = async () => {
  const subscription = await subscriptionNamed(harness.database.reader, 'sub' as SubscriptionName);
  return positionsOf(harness.database.reader, subscription!.id);
};
const deadLetters = () => harness.hub.deadLetters(key(), { limit: 10 });

describe('refusals', () => {
  test('a refused event comes again after its time, its chat waits and others do not', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1', 'a1');
    await harness.say('1', 'a2');
    const refusedAt = Date.now();
    client.nack(await client.event(), 400);
    await harness.say('2', 'b1');
    expect(textOf(await client.event())).toBe('b1');
    expect(await positions()).toContainEqual(
      expect.objectContaining({ seq: 1, state: 'refused', notBefore: expect.any(Number) }),
    );
    const again = await client.event();
    expect(Date.now() - refusedAt).toBeGreaterThanOrEqual(399);
    expect(textOf(again)).toBe('a1');
    expect(again.attempt).toBe(2);
  });

  test('the time survives a restart of the bridge', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1');
    client.nack(await client.event(), 3_600_000);
    await eventually(async () => expect(await positions()).toMatchObject([{ state: 'refused' }]));
    await harness.kill();
    await harness.open();
    const again = await harness.connect();
    expect(await again.subscribe()).toMatchObject({ resumed: 1 });
    await harness.say('2', 'other chat');
    expect(textOf(await again.event())).toBe('other chat');
    expect((await positions())[0]).toMatchObject({ state: 'refused', refusals: 1 });
  });

  test('an event refused too often becomes a dead letter and its chat goes on', async () => {
    await start({ settings: { maxRefusals: 3 } });
    const client = await harness.connect();
    await client.subscribe();
    const seq = await harness.say('1', 'poison');
    await harness.say('1', 'next');
    for (let attempt = 1; attempt <= 3; attempt++) {
      const event = await client.event();
      expect(event).toMatchObject({ attempt, event: { seq } });
      client.nack(event, 0, 'division by zero');
    }
    const next = await client.event();
    expect(textOf(next)).toBe('next');
    expect(next.previous).toBe(`${harness.events.epoch}.${seq}`);
    const [deadLetter] = await deadLetters();
    expect(deadLetter).toMatchObject({
      subscription: 'sub',
      eventType: 'message.received',
      session: 'support',
      attempts: 3,
    });
    expect(deadLetter!.reason).toContain('division by zero');
  });

  test('a redriven dead letter comes back at the front of its chat, and its tries are counted on', async () => {
    await start({ settings: { maxRefusals: 1 } });
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1', 'poison');
    await harness.say('1', 'second');
    await harness.say('1', 'third');
    client.nack(await client.event());
    const second = await client.event();
    const [deadLetter] = await deadLetters();
    await harness.hub.redrive(deadLetter!.id, key());
    expect(await deadLetters()).toEqual([]);
    client.ack(second);
    const again = await client.event();
    expect(textOf(again)).toBe('poison');
    expect(again.attempt).toBe(2);
    client.ack(again);
    expect(textOf(await client.event())).toBe('third');
    await expect(harness.hub.redrive(deadLetter!.id, key())).rejects.toMatchObject({
      code: 'WAB_DEAD_LETTER_NOT_FOUND',
    });
  });

  test('a dead letter can be redriven while nobody is connected, discarded, and not redriven once its event is gone', async () => {
    await start({ settings: { maxRefusals: 1 } });
    const client = await harness.connect();
    await client.subscribe();
    await harness.sayMany(3, 3);
    for (let index = 0; index < 3; index++) client.nack(await client.event());
    await eventually(async () => expect(await deadLetters()).toHaveLength(3));
    await client.settled();
    client.terminate();
    await client.closed;
    const listed = (await deadLetters()).toSorted((one, other) => (one.eventId < other.eventId ? -1 : 1));
    await harness.hub.redrive(listed[0]!.id, key());
    await harness.hub.discard(listed[1]!.id, key());
    await expect(harness.hub.discard(listed[1]!.id, key())).rejects.toMatchObject({
      code: 'WAB_DEAD_LETTER_NOT_FOUND',
    });
    const again = await harness.connect();
    expect(await again.subscribe()).toMatchObject({ resumed: 1 });
    const event = await again.event();
    expect(event).toMatchObject({ attempt: 2, event: { id: listed[0]!.eventId } });
    await harness.events.removeBefore(Date.now() + 1000, 10);
    await expect(harness.hub.redrive(listed[2]!.id, key())).rejects.toMatchObject({ code: 'WAB_EVENT_GONE' });
    await harness.hub.deleteSubscription('sub' as SubscriptionName, key());
    await expect(harness.hub.redrive(listed[2]!.id, key())).rejects.toMatchObject({
      code: 'WAB_SUBSCRIPTION_NOT_FOUND',
    });
  });

  test('an acknowledgement that comes after the event was given up settles the dead letter', async () => {
    await start({ settings: { maxRefusals: 1 } });
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1');
    const event = await client.event();
    client.nack(event);
    await eventually(async () => expect(await deadLetters()).toHaveLength(1));
    client.ack(event);
    await eventually(async () => expect(await deadLetters()).toEqual([]));
  });
});

describe('lost connections', () => {
  const receiveAndDie = async (): Promise<Frame<'event'>> => {
    const client = await harness.connect();
    await client.subscribe();
    const event = await client.event();
    client.terminate();
    await client.closed;
    return event;
  };

  test('an event that kills its reader becomes a dead letter, and the chat goes on', async () => {
    await start({ settings: { maxLosses: 4, lossBackoffMs: 1, maxLossBackoffMs: 4 } });
    const first = await harness.connect();
    await first.subscribe();
    await harness.say('1', 'kills');
    await harness.say('1', 'next');
    await first.event();
    first.terminate();
    for (let attempt = 2; attempt <= 4; attempt++) {
      const event = await receiveAndDie();
      expect(textOf(event)).toBe('kills');
      expect(event.attempt).toBe(attempt);
    }
    const client = await harness.connect();
    await client.subscribe();
    expect(textOf(await client.event())).toBe('next');
    expect(await deadLetters()).toMatchObject([
      { attempts: 4, reason: expect.stringContaining('connection was lost 4 times') },
    ]);
  });

  test('each loss makes the wait longer, and only the chat waits', async () => {
    await start({ settings: { lossBackoffMs: 100_000 } });
    const first = await harness.connect();
    await first.subscribe();
    await harness.say('1', 'a1');
    await first.event();
    const lostAt = Date.now();
    first.terminate();
    const second = await harness.connect();
    await second.subscribe();
    await harness.say('2', 'b1');
    expect(textOf(await second.event())).toBe('b1');
    const [waiting] = await positions();
    expect(waiting).toMatchObject({ state: 'unanswered', losses: 1 });
    expect(waiting!.notBefore - lostAt).toBeGreaterThanOrEqual(99_000);
  });

  test('a refusal and a loss are counted apart; the attempt counts both', async () => {
    await start({ settings: { maxRefusals: 2, maxLosses: 2, lossBackoffMs: 1 } });
    const first = await harness.connect();
    await first.subscribe();
    await harness.say('1');
    first.nack(await first.event());
    await first.event();
    first.terminate();
    await first.closed;
    const second = await harness.connect();
    await second.subscribe();
    expect((await second.event()).attempt).toBe(3);
    expect((await positions())[0]).toMatchObject({ refusals: 1, losses: 1 });
    expect(await deadLetters()).toEqual([]);
  });

  test('what is in flight when the bridge is killed counts as lost once it starts again', async () => {
    await start({ settings: { lossBackoffMs: 1 } });
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1', 'a1');
    await harness.say('2', 'b1');
    await client.event();
    client.ack(await client.event());
    await eventually(async () => expect((await positions()).filter(({ state }) => state === 'sent')).toHaveLength(1));
    await harness.kill();
    await harness.open();
    expect((await positions()).filter(({ state }) => state !== 'acked')).toMatchObject([
      { state: 'unanswered', attempts: 1, losses: 1 },
    ]);
    const again = await harness.connect();
    expect(await again.subscribe()).toMatchObject({ resumed: 1 });
    expect((await again.event()).attempt).toBe(2);
  });

  test('an event that kills the bridge becomes a dead letter at its start, without a reader', async () => {
    await start({ settings: { maxLosses: 1 } });
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1');
    await client.event();
    await harness.kill();
    await harness.open();
    expect(await deadLetters()).toMatchObject([{ attempts: 1 }]);
    const again = await harness.connect();
    expect(await again.subscribe()).toMatchObject({ resumed: 0 });
  });

  test('a graceful stop of the bridge is nobody’s fault: it counts as a try, not as a loss', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1');
    await client.event();
    await harness.stop();
    expect(await client.next('bye')).toMatchObject({ reason: 'restart' });
    expect((await client.closed).code).toBe(4000);
    await harness.open();
    const again = await harness.connect();
    await again.subscribe();
    expect((await again.event()).attempt).toBe(2);
    expect((await positions())[0]).toMatchObject({ losses: 0, attempts: 2 });
  });
});

describe('takeover', () => {
  const subscribe = async (): Promise<StreamClient> => {
    const client = await harness.connect();
    await client.subscribe();
    return client;
  };

  test('the newer connection gets the subscription, the older a goodbye with at least a minute to wait', async () => {
    await start({ settings: { lossBackoffMs: 1 } });
    const older = await subscribe();
    await harness.say('1', 'a1');
    const a1 = await older.event();
    const newer = await subscribe();
    const bye = await older.next('bye');
    expect(bye).toMatchObject({ reason: 'superseded', subscription: 'sub', reconnectAfterMs: 60_000 });
    expect((await older.closed).code).toBe(4002);
    const again = await newer.event();
    expect(again).toMatchObject({ cursor: a1.cursor, attempt: 2 });
    expect((await positions())[0]).toMatchObject({ losses: 1 });
    expect(await harness.hub.subscriptions(key())).toMatchObject([
      { name: 'sub', connected: true, takeovers: 1, inFlight: 1 },
    ]);
  });

  test('who was superseded may ask politely: refused while the other reads, let in once it has gone', async () => {
    await start();
    const older = await subscribe();
    const newer = await subscribe();
    await older.closed;
    const polite = await harness.connect();
    polite.send({
      type: 'subscribe',
      subscription: 'sub',
      durable: true,
      filter: {},
      from: 'resume',
      window: 5,
      takeover: false,
    });
    expect(await polite.next('error')).toMatchObject({ subscription: 'sub', code: 'WAB_SUBSCRIPTION_BUSY' });
    await harness.say('1');
    await newer.event();
    expect(await harness.hub.subscriptions(key())).toMatchObject([{ connected: true, takeovers: 1 }]);
    newer.socket.close();
    await newer.closed;
    const later = await harness.connect();
    // The bridge may hear of the end of the other a moment later.
    await eventually(async () => expect(await harness.hub.subscriptions(key())).toMatchObject([{ connected: false }]));
    await later.subscribe({ takeover: false });
    expect(await later.event()).toMatchObject({ attempt: 2 });
  });

  test('two who come at once: one has it, nothing is delivered to the other any more', async () => {
    await start();
    const [one, two] = await Promise.all([harness.connect(), harness.connect()]);
    await Promise.all([one.subscribe(), two.subscribe()]);
    await Promise.race([one.closed, two.closed]);
    await harness.say('1');
    const loser = one.socket.readyState === one.socket.OPEN ? two : one;
    await (loser === one ? two : one).event();
    expect(loser.events).toEqual([]);
  });

  test('a connection with other subscriptions only loses the one', async () => {
    await start();
    const older = await harness.connect();
    await older.subscribe();
    await older.subscribe({ subscription: 'mine' });
    await subscribe();
    expect(await older.next('bye')).toMatchObject({ reason: 'superseded', subscription: 'sub' });
    await harness.say('1');
    const event = await older.event();
    expect(event.subscription).toBe('mine');
    older.send({ type: 'ack', subscription: 'sub', cursors: [event.cursor], attempt: 1 });
    expect(await older.next('error')).toMatchObject({ code: 'WAB_SUBSCRIPTION_NOT_FOUND', subscription: 'sub' });
  });

  test('another key may take over too', async () => {
    await start();
    const older = await subscribe();
    const other = await harness.connect(key({ keyId: 'rotated' }));
    await other.subscribe();
    expect((await older.closed).code).toBe(4002);
    await harness.say('1');
    expect(seqOf(await other.event())).toBe(1);
  });
});

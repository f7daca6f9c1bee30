/** Races and failures between the plan and the disk; each test catches a fault that was put into the code. */
import { afterEach, expect, jest, test } from '@jest/globals';
import type { KeyId, SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import { positionsOf, subscriptionNamed } from '../../../bridge/src/store/stream.repository.ts';
import { eventually, Harness, key, seqOf, textOf, type HarnessOptions } from './harness.ts';

jest.setTimeout(30_000);
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> => (harness = await Harness.start(options));
afterEach(() => harness.close());

const positions = async () => {
  const subscription = await subscriptionNamed(harness.database.reader, 'sub' as SubscriptionName);
  return positionsOf(harness.database.reader, subscription!.id);
};
const deadLetters = () => harness.hub.deadLetters(key(), { limit: 10 });

test('an acknowledgement that comes while its event moves to the dead letters leaves none behind', async () => {
  await start({ settings: { maxRefusals: 1 } });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'slow to be given up');
  const event = await client.event();
  const hold = harness.hold('stream.addDeadLetter');
  client.nack(event);
  await eventually(() => expect(hold.count).toBe(1));
  client.ack(event);
  await client.settled();
  hold.release();
  await harness.say('1', 'next');
  expect(textOf(await client.event())).toBe('next');
  await eventually(async () => expect(await deadLetters()).toEqual([]));
});

test('rows of acknowledged events do not outlive the floor that has passed them', async () => {
  await start();
  const client = await harness.connect();
  await client.subscribe();
  for (const chat of ['1', '2', '3']) await harness.say(chat);
  const [first, second, third] = [await client.event(), await client.event(), await client.event()];
  client.ack(second, third);
  await eventually(async () =>
    expect((await positions()).map(({ state }) => state).toSorted()).toEqual(['acked', 'acked', 'sent']),
  );
  client.ack(first);
  await eventually(async () => expect(await positions()).toEqual([]));
});

test('a dead letter that is redriven while progress is on its way to the disk is not undone by it', async () => {
  await start({ settings: { maxRefusals: 1 } });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'redriven');
  const event = await client.event();
  const hold = harness.hold('stream.saveProgress');
  client.nack(event);
  await eventually(async () => expect(await deadLetters()).toHaveLength(1));
  await eventually(() => expect(hold.count).toBe(1));
  const [deadLetter] = await deadLetters();
  const redriving = harness.hub.redrive(deadLetter!.id, key());
  let isDone = false;
  const redriven = redriving.then(() => (isDone = true));
  // Time for a redrive that does not wait to reach the disk first.
  await Promise.race([redriven, new Promise((resolve) => setTimeout(resolve, 300))]);
  hold.releaseOne();
  while (!isDone) {
    if (hold.count > 0) hold.releaseOne();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  // The bridge dies before the next attempt is written.
  hold.fail(new Error('the bridge is dead'));
  await harness.kill();
  await harness.open();
  const again = await harness.connect();
  expect(await again.subscribe()).toMatchObject({ resumed: 1 });
  expect(await again.event()).toMatchObject({ attempt: 2, cursor: event.cursor });
});

test.each([true, false])(
  '`previous` never names an event from before the subscription (durable: %s)',
  async (durable) => {
    await start();
    await harness.say('1', 'before');
    const client = await harness.connect();
    await client.subscribe({ durable });
    await harness.say('1', 'first');
    const first = await client.event();
    expect(first.previous).toBeNull();
    client.ack(first);
    await harness.say('1', 'second');
    expect((await client.event()).previous).toBe(first.cursor);
  },
);

test('an attempt whose write fails is not sent, and the reader is cut off rather than kept in the dark', async () => {
  await start();
  const client = await harness.connect();
  await client.subscribe();
  const hold = harness.hold('stream.saveProgress');
  await harness.say('1');
  await eventually(() => expect(hold.count).toBe(1));
  hold.fail(new Error('the disk'));
  expect((await client.closed).code).toBe(1011);
  expect(client.events).toEqual([]);
  expect(await positions()).toEqual([]);
});

test('an acknowledgement whose write fails is not taken for written: the event comes again', async () => {
  await start({ settings: { lossBackoffMs: 1 } });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1');
  const event = await client.event();
  const hold = harness.hold('stream.saveProgress');
  client.ack(event);
  await eventually(() => expect(hold.count).toBe(1));
  hold.fail(new Error('the disk'));
  expect((await client.closed).code).toBe(1011);
  await harness.kill();
  await harness.open();
  const again = await harness.connect();
  expect(await again.subscribe()).toMatchObject({ resumed: 1 });
  expect(await again.event()).toMatchObject({ cursor: event.cursor, attempt: 2 });
});

test('what retention removes while the log is being scanned is counted as lost once, and not offered', async () => {
  await start();
  const client = await harness.connect();
  await client.subscribe();
  const scan = harness.events.scan.bind(harness.events);
  let isFirst = true;
  harness.events.scan = async (...args) => {
    const found = await scan(...args);
    if (isFirst && found.matches.length === 3) {
      isFirst = false;
      await harness.events.removeBefore(Date.now() + 1_000, 2);
    }
    return found;
  };
  await Promise.all(['1', '2', '3'].map((chat) => harness.say(chat)));
  expect(seqOf(await client.event())).toBe(3);
  await client.settled();
  expect(client.frames.filter(({ type }) => type === 'reset')).toMatchObject([{ reason: 'expired', lost: 2 }]);
});

test('a delivery that a revoked key cut off is nobody’s fault: a try, not a loss', async () => {
  await start();
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1');
  await client.event();
  harness.hub.closeKey('key1' as KeyId);
  await client.closed;
  await eventually(async () => expect(await positions()).toMatchObject([{ state: 'unanswered' }]));
  const rotated = await harness.connect(key({ keyId: 'rotated' }));
  await rotated.subscribe();
  expect(await rotated.event()).toMatchObject({ attempt: 2 });
  expect(await positions()).toMatchObject([{ losses: 0, attempts: 2 }]);
});

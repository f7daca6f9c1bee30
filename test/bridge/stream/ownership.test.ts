/** The stream acts for the subscriptions that its process owns; those of another process stay as they are. */
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { SubscriptionName } from '../../../bridge/src/contract/ids.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import { positionsOf, subscriptionNamed } from '../../../bridge/src/store/stream.repository.ts';
import { SwitchedOwners, type SwitchedOwnership } from '../ownership/switched-ownership.ts';
import { eventually, Harness, key, subscribeFrame, type HarnessOptions } from './harness.ts';

jest.setTimeout(30_000);

const DAY_MS = 86_400_000;
const SUB = 'sub' as SubscriptionName;
const OTHER = 'other' as SubscriptionName;
let harness: Harness;
let owners: SwitchedOwners<SubscriptionName>;
/** The process under test; in the beginning it owns both. */
let here: SwitchedOwnership<SubscriptionName>;
let elsewhere: SwitchedOwnership<SubscriptionName>;
beforeEach(() => {
  owners = new SwitchedOwners();
  here = owners.join(SUB, OTHER);
  elsewhere = owners.join();
});
const start = async (options: HarnessOptions = {}): Promise<Harness> =>
  (harness = await Harness.start({ ...options, ownership: here }));
afterEach(() => harness.close());

const positions = () => harness.database.reader.selectFrom('stream_positions').selectAll().orderBy('seq').execute();
const deadLetters = () => harness.hub.deadLetters(key(), { limit: 10 });
const views = () => harness.hub.subscriptions(key());

/** An event is with a reader when the process dies. */
async function killedInDelivery(): Promise<void> {
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1');
  await client.event();
  await harness.kill();
}

describe('what a former owner left in flight', () => {
  test('stays as it is at the start of a process that does not own it, and is lost once that gains it', async () => {
    await start({ settings: { lossBackoffMs: 1 } });
    await killedInDelivery();
    await owners.handOver(SUB, elsewhere);
    await harness.open();
    expect(await positions()).toMatchObject([{ state: 'sent', losses: 0 }]);
    await owners.handOver(SUB, here);
    expect(await positions()).toMatchObject([{ state: 'unanswered', losses: 1 }]);
    const client = await harness.connect();
    await client.subscribe();
    expect((await client.event()).attempt).toBe(2);
  });

  test('becomes a dead letter where it is owned, and nowhere else', async () => {
    await start({ settings: { maxLosses: 1 } });
    await killedInDelivery();
    await owners.handOver(SUB, elsewhere);
    await harness.open();
    expect(await deadLetters()).toEqual([]);
    await owners.handOver(SUB, here);
    expect(await deadLetters()).toMatchObject([{ attempts: 1 }]);
  });
});

test('a subscription of another process is neither paused nor removed, however long nobody reads it here', async () => {
  let now = Date.now();
  await start({
    clock: { ...systemClock, now: () => now },
    settings: { pauseDays: 7, expiryDays: 30, heartbeatMs: 300_000 },
  });
  const client = await harness.connect();
  await client.subscribe({ subscription: SUB });
  await client.subscribe({ subscription: OTHER });
  client.terminate();
  await eventually(async () => expect((await views()).filter(({ connected }) => connected)).toEqual([]));
  await owners.handOver(SUB, elsewhere);
  now += 8 * DAY_MS;
  await harness.hub.sweep();
  const paused = (await views()).filter(({ pausedAt }) => pausedAt !== null);
  expect(paused.map(({ name }) => name)).toEqual([OTHER]);
  now += 30 * DAY_MS;
  await harness.hub.sweep();
  expect((await views()).map(({ name }) => name)).toEqual([SUB]);
  await owners.handOver(SUB, here);
  await harness.hub.sweep();
  expect(await views()).toEqual([]);
});

describe('a reader', () => {
  test('is refused by a process that does not own its subscription, until that gains it', async () => {
    await start();
    await owners.handOver(SUB, elsewhere);
    const client = await harness.connect();
    client.send(subscribeFrame());
    expect(await client.next('error')).toMatchObject({ code: 'WAB_SUBSCRIPTION_BUSY' });
    expect(await views()).toEqual([]);
    await owners.handOver(SUB, here);
    await client.subscribe();
  });

  test('is sent away when its subscription is lost, without a loss counted; the other one of its stream goes on', async () => {
    await start();
    const client = await harness.connect();
    await client.subscribe({ subscription: OTHER });
    await client.subscribe({ subscription: SUB });
    await harness.say('1');
    for (const name of [SUB, OTHER]) await client.event(({ subscription }) => subscription === name);
    const hold = harness.hold('stream.saveProgress');
    let isHandedOver = false;
    const lost = owners.handOver(SUB, elsewhere).then(() => (isHandedOver = true));
    expect(await client.next('bye')).toMatchObject({ reason: 'restart', subscription: SUB });
    await eventually(() => expect(hold.count).toBeGreaterThan(0));
    expect(isHandedOver).toBe(false);
    hold.release();
    await lost;
    const stored = await subscriptionNamed(harness.database.reader, SUB);
    const own = await positionsOf(harness.database.reader, stored!.id);
    expect(own).toMatchObject([{ state: 'unanswered', attempts: 1, losses: 0 }]);
    await harness.say('2');
    expect(await client.event()).toMatchObject({ subscription: OTHER });
    await client.settled();
    expect(client.events).toEqual([]);
    await owners.handOver(SUB, here);
    await client.subscribe();
    expect((await client.event(({ subscription, attempt }) => subscription === SUB && attempt === 2)).attempt).toBe(2);
  });
});

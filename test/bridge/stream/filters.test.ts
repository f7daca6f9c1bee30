/** What a subscription asks for, what its key may see, and what becomes of it when either changes. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, Harness, key, subscribeFrame, textOf, type HarnessOptions } from './harness.ts';
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

describe('filters', () => {
  test('a changed filter applies from the current position on; what was open is carried along, in order', async () => {
    await start({ settings: { lossBackoffMs: 10 } });
    const one = await harness.connect();
    await one.subscribe({ filter: { types: ['message.received'] }, window: 2 });
    await harness.say('1', 'a1');
    await harness.degrade();
    await harness.say('1', 'a2');
    await harness.say('2', 'b1');
    const b1 = await one.event((frame) => textOf(frame) === 'b1');
    one.ack(b1);
    await one.settled();
    one.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    await harness.say('3', 'c1');
    await harness.degrade();
    const two = await harness.connect();
    await two.subscribe({ filter: { types: ['session.degraded'] } });
    const a1 = await two.event((frame) => textOf(frame) === 'a1');
    two.ack(a1);
    const a2 = await two.event((frame) => textOf(frame) === 'a2');
    expect(a2.attempt).toBe(1);
    const degraded = await two.event();
    expect(degraded.event.type).toBe('session.degraded');
    two.ack(a2, degraded);
    await two.settled();
    expect(two.events).toEqual([]);
    await eventually(async () => expect((await stored()).positions).toEqual([]));
  });

  test('a key sees the sessions it is allowed, and facts without a session only without a limit', async () => {
    await start();
    const limited = await harness.connect(key({ keyId: 'limited', sessions: ['sales'] }));
    const free = await harness.connect(key({ keyId: 'free' }));
    await limited.subscribe({ subscription: 'limited' });
    await free.subscribe({ subscription: 'free' });
    await harness.fact();
    await harness.degrade('support');
    await harness.degrade('sales');
    expect((await limited.event()).event.session).toBe('sales');
    const seen = [await free.event(), await free.event(), await free.event()].map(({ event }) => event.session);
    expect(new Set(seen)).toEqual(new Set([null, 'support', 'sales']));
    await limited.settled();
    expect(limited.events).toEqual([]);
  });

  test('asking only for sessions that are not allowed is an error, and takes nobody over', async () => {
    await start();
    const owner = await harness.connect();
    await owner.subscribe();
    const limited = await harness.connect(key({ keyId: 'limited', sessions: ['sales'] }));
    limited.send({
      type: 'subscribe',
      subscription: 'sub',
      durable: true,
      filter: { sessions: ['support'] },
      from: 'resume',
      window: 1,
    });
    expect(await limited.next('error')).toMatchObject({ code: 'WAB_SESSION_NOT_ALLOWED', subscription: 'sub' });
    await harness.say('1', 'mine');
    expect(textOf(await owner.event())).toBe('mine');
  });

  test('a subscription that was narrowed opens to a limited key once nothing of other sessions is left in it', async () => {
    await start({ settings: { lossBackoffMs: 1 } });
    const owner = await harness.connect();
    await owner.subscribe();
    await harness.say('1', 'secret', 'support');
    await owner.event();
    const narrow = await harness.connect();
    await narrow.subscribe({ filter: { sessions: ['sales'] } });
    const carried = await narrow.event();
    expect(textOf(carried)).toBe('secret');
    const limited = key({ keyId: 'limited', sessions: ['sales'] });
    const refused = await harness.connect(limited);
    refused.send(subscribeFrame());
    expect(await refused.next('error')).toMatchObject({
      code: 'WAB_SESSION_NOT_ALLOWED',
      message: expect.not.stringContaining('support'),
    });
    expect(await harness.hub.subscriptions(limited)).toEqual([]);
    expect(await harness.hub.subscriptions(key())).toMatchObject([{ sessions: ['sales', 'support'] }]);
    narrow.ack(carried);
    await eventually(async () =>
      expect(await harness.hub.subscriptions(limited)).toMatchObject([{ sessions: ['sales'] }]),
    );
    const allowed = await harness.connect(limited);
    await allowed.subscribe();
    await harness.say('1', 'public', 'sales');
    expect(textOf(await allowed.event())).toBe('public');
  });

  test('a name whose dead letters a key may not see stays closed to it, also without a subscription', async () => {
    await start({ settings: { maxRefusals: 1 } });
    const owner = await harness.connect();
    await owner.subscribe();
    await harness.say('1', 'secret', 'support');
    owner.nack(await owner.event());
    await eventually(async () => expect(await harness.hub.deadLetters(key(), { limit: 10 })).toHaveLength(1));
    await harness.hub.deleteSubscription('sub' as SubscriptionName, key());
    const limited = await harness.connect(key({ keyId: 'limited', sessions: ['sales'] }));
    limited.send(subscribeFrame({ filter: { sessions: ['sales'] } }));
    expect(await limited.next('error')).toMatchObject({ code: 'WAB_SESSION_NOT_ALLOWED' });
    const [deadLetter] = await harness.hub.deadLetters(key(), { limit: 10 });
    await harness.hub.discard(deadLetter!.id, key());
    limited.send(subscribeFrame({ filter: { sessions: ['sales'] } }));
    await limited.next('subscribed');
  });

  test('without messages:read the content is withheld, and facts are not', async () => {
    await start();
    const client = await harness.connect(key({ scopes: ['events:read'] }));
    await client.subscribe();
    await harness.say('1', 'private');
    await harness.degrade();
    expect((await client.event(({ event }) => event.type === 'message.received')).event).toMatchObject({
      data: null,
      withheld: 'scope',
      chat: { chatId: '1@c.us' },
    });
    const degraded = await client.event();
    expect(degraded.event.data).toEqual({ reason: 'test' });
    expect(degraded.event.withheld).toBeUndefined();
  });
});

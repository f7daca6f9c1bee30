/** A subscriber may skip what waited longer than it cares for: counted, told, and never anything else. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { eventually, Harness, subscribeFrame, textOf, type HarnessOptions } from './harness.ts';

jest.setTimeout(60_000);
let harness: Harness;
const start = async (options: HarnessOptions = {}): Promise<Harness> => (harness = await Harness.start(options));
afterEach(() => harness.close());

const HOUR = 3_600_000;
/** A message that WhatsApp dates some hours back. */
async function sayAt(hoursAgo: number, chat: string, text: string): Promise<void> {
  const occurredAt = new Date(Date.now() - hoursAgo * HOUR).toISOString();
  await harness.events.append({ ...harness.message(chat, text), occurredAt });
}

async function leave(): Promise<void> {
  const client = await harness.connect();
  await client.subscribe();
  client.terminate();
  await eventually(() => expect(harness.hub.stats().connections).toBe(0));
}

describe('maxAgeMs', () => {
  test('skips what is older when a subscription resumes, says how many, and goes on with the rest in order', async () => {
    await start();
    await leave();
    await sayAt(5, '1', 'old a1');
    await sayAt(4, '2', 'old b1');
    await sayAt(0.5, '1', 'young a2');
    await sayAt(3, '1', 'old, but recorded later');
    await sayAt(0.2, '1', 'young a3');
    await sayAt(2, '3', 'old c1');
    const client = await harness.connect();
    const subscribed = await client.subscribe({ maxAgeMs: HOUR });
    expect(subscribed).toMatchObject({ skipped: 4, resumed: 2 });
    const a2 = await client.event();
    expect(textOf(a2)).toBe('young a2');
    client.ack(a2);
    const a3 = await client.event();
    expect(textOf(a3)).toBe('young a3');
    // None of those that were skipped, or it would look as if something were missing.
    expect(a3.previous).toBe(a2.cursor);
    client.ack(a3);
    await client.settled();
    expect(client.events).toEqual([]);
    client.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    const again = await harness.connect();
    expect(await again.subscribe({ maxAgeMs: HOUR })).toMatchObject({ skipped: 0, resumed: 0 });
  });

  test('leaves alone what comes later, and everything where no limit is set', async () => {
    await start();
    await leave();
    await sayAt(5, '1', 'old');
    const plain = await harness.connect();
    const subscribed = await plain.subscribe();
    expect(subscribed.resumed).toBe(1);
    expect(subscribed.skipped).toBeUndefined();
    plain.ack(await plain.event());
    await plain.settled();
    const limited = await harness.connect();
    expect(await limited.subscribe({ maxAgeMs: HOUR })).toMatchObject({ skipped: 0 });
    await sayAt(5, '1', 'reported late');
    expect(textOf(await limited.event())).toBe('reported late');
  });

  test('an old event whose delivery was cut off is skipped too, and its chat goes on', async () => {
    await start({ settings: { lossBackoffMs: 600_000 } });
    const first = await harness.connect();
    await first.subscribe();
    await sayAt(5, '1', 'old');
    await sayAt(0.1, '1', 'young');
    await first.event();
    first.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    const client = await harness.connect();
    expect(await client.subscribe({ maxAgeMs: HOUR })).toMatchObject({ skipped: 1, resumed: 1 });
    expect(textOf(await client.event())).toBe('young');
  });

  test('a backlog larger than the read-ahead is skipped as a whole', async () => {
    await start({ settings: { readAheadMax: 10 } });
    await leave();
    for (let index = 0; index < 40; index++) await sayAt(5, String(index % 3), `old ${index}`);
    await sayAt(0.1, '1', 'young');
    const client = await harness.connect();
    expect(await client.subscribe({ maxAgeMs: HOUR })).toMatchObject({ skipped: 40, resumed: 1 });
    expect(textOf(await client.event())).toBe('young');
  });

  test('holds for an ephemeral subscription and a cursor as well', async () => {
    await start();
    await sayAt(5, '1', 'old');
    await sayAt(0.1, '2', 'young');
    const client = await harness.connect();
    const changes = { durable: false, from: 'earliest', maxAgeMs: HOUR } as const;
    expect(await client.subscribe(changes)).toMatchObject({ skipped: 1, resumed: 1 });
    expect(textOf(await client.event())).toBe('young');
    client.send(subscribeFrame({ subscription: 'wrong', maxAgeMs: -1 }));
    expect(await client.next('error')).toMatchObject({ code: 'WAB_FRAME_INVALID' });
  });

  test.each(['resume', 'earliest'] as const)(
    'keeps to what it skipped although the bridge is killed (%s)',
    async (from) => {
      await start();
      await leave();
      await sayAt(5, '1', 'old a1');
      await sayAt(5, '2', 'old b1');
      const client = await harness.connect();
      expect(await client.subscribe({ from, maxAgeMs: HOUR })).toMatchObject({ skipped: 2 });
      await harness.kill();
      await harness.open();
      // Its wish was carried out, so a reader does not repeat it.
      const again = await harness.connect();
      expect(await again.subscribe()).toMatchObject({ resumed: 0 });
      await again.settled();
      expect(again.events).toEqual([]);
    },
  );
});

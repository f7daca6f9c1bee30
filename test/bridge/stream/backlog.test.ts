/** A reader that has 100,000 events behind it and does not read costs a bounded amount of memory, and delays nobody. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { eventually, Harness, key, textOf } from './harness.ts';
import { DEFAULT_STREAM_SETTINGS } from '../../../bridge/src/stream/settings.ts';

jest.setTimeout(180_000);
const EVENTS = 100_000;
const MIB = 1024 * 1024;
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe.each([
  { name: 'all in one chat', chats: 1 },
  { name: 'over 10,000 chats', chats: 10_000 },
])('100,000 events behind, $name', ({ chats }) => {
  let harness: Harness;
  beforeAll(async () => {
    harness = await Harness.start({ settings: { heartbeatMs: 300_000 } });
    const client = await harness.connect();
    await client.subscribe({ subscription: 'backlog' });
    client.terminate();
    await client.closed;
    await harness.sayMany(EVENTS, chats);
  });
  afterAll(() => harness.close());

  const heap = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };

  test('a reader that neither reads nor acknowledges holds positions within the bound, and another is not delayed', async () => {
    const before = heap();
    const stalled = await harness.connect();
    expect(await stalled.subscribe({ subscription: 'backlog', window: 256 })).toMatchObject({ resumed: 10_000 });
    stalled.socket.pause();
    const other = await harness.connect();
    await other.subscribe({ subscription: 'other' });

    // While the backlog is scanned, every event of the other arrives (how turns are shared is tested in
    // fair-scheduler.test.ts).
    for (let index = 0; index < 50; index++) {
      await harness.say('other', `other ${index}`);
      let event = await other.event();
      while (textOf(event) !== `other ${index}`) {
        other.ack(event);
        event = await other.event();
      }
      other.ack(event);
      expect(harness.hub.stats().positionsHeld).toBeLessThanOrEqual(DEFAULT_STREAM_SETTINGS.readAheadMax + 10);
    }

    const stats = harness.hub.stats();
    expect(stats.inFlight).toBeLessThanOrEqual(256 + 1);
    expect(stats.buffered).toBeLessThanOrEqual(DEFAULT_STREAM_SETTINGS.socketBufferBytes + 64 * 1024);
    expect(heap() - before).toBeLessThan(64 * MIB);
    stalled.terminate();
    other.terminate();
  });
});

test('a busy chat fills the read-ahead, and the heartbeat says which chat blocks, without its number', async () => {
  const small = await Harness.start({ settings: { heartbeatMs: 50, readAheadMax: 100 } });
  try {
    const client = await small.connect();
    await client.subscribe({ window: 2 });
    for (let index = 0; index < 150; index++) void small.events.append(small.message('4915112345678', String(index)));
    const first = await client.event();
    const ping = await client.next('ping', ({ blocked }) => blocked !== undefined);
    expect(ping.blocked).toEqual({ sub: 'support|**********678@c.us' });
    expect(small.hub.stats()).toMatchObject({ positionsHeld: 100, inFlight: 1 });
    expect(await small.hub.subscriptions(key())).toMatchObject([{ blockedBy: 'support|**********678@c.us' }]);
    await small.say('2', 'behind the busy chat');
    client.ack(first);
    for (let index = 1; index < 52; index++) client.ack(await client.event());
    client.ack(await client.event((frame) => textOf(frame) === 'behind the busy chat'));
    await eventually(() => expect(small.hub.stats().positionsHeld).toBeLessThan(101));
  } finally {
    await small.close();
  }
});

test('payloads are read only while the socket drains; what was never sent is no lost delivery', async () => {
  const small = await Harness.start({ settings: { heartbeatMs: 300_000, lossBackoffMs: 1 } });
  try {
    const chats = 200;
    // Together more than Linux buffers between two sockets: 4 MB to be sent, and up to 32 MB received.
    const text = 'x'.repeat(240_000);
    for (let chat = 0; chat < chats; chat++) await small.events.append(small.message(String(chat), text));
    const stalled = await small.connect();
    stalled.socket.pause();
    stalled.send({
      type: 'subscribe',
      subscription: 'sub',
      durable: true,
      filter: {},
      from: 'earliest',
      window: chats,
    });
    const { socketBufferBytes } = DEFAULT_STREAM_SETTINGS;
    await eventually(() => expect(small.hub.stats().buffered).toBeGreaterThan(socketBufferBytes));
    const other = await small.connect();
    await other.subscribe({ subscription: 'other' });
    const read = jest.spyOn(small.events, 'read');
    for (let index = 0; index < 5; index++) {
      await small.say('other', 'not delayed');
      other.ack(await other.event());
    }
    expect(read).toHaveBeenCalledTimes(5);
    expect(small.hub.stats().inFlight).toBeLessThan(chats);
    expect(small.hub.stats().buffered).toBeLessThan(socketBufferBytes + 2 * text.length);

    stalled.terminate();
    await eventually(() => expect(small.hub.stats().connections).toBe(1));
    const again = await small.connect();
    await again.subscribe({ window: chats });
    for (let chat = 0; chat < chats; chat++) await again.event();
    const rows = await small.database.reader.selectFrom('stream_positions').select(['attempts', 'losses']).execute();
    expect(rows).toHaveLength(chats);
    const lost = rows.filter(({ losses }) => losses === 1).length;
    const unsent = rows.filter(({ losses, attempts }) => losses === 0 && attempts === 2).length;
    expect(lost).toBeGreaterThan(0);
    expect(unsent).toBeGreaterThan(0);
    expect(lost + unsent).toBeLessThan(chats);
  } finally {
    await small.close();
  }
});

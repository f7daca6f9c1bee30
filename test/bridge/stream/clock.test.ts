/** The clock of the machine is set by two hours, back or forward, while a stream is at work. */
import { afterEach, expect, jest, test } from '@jest/globals';
import type { SubscribeFrame } from '../../../bridge/src/contract/frames.ts';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { eventually, Harness, textOf, type StreamClient } from './harness.ts';

jest.setTimeout(30_000);
const TWO_HOURS = 7_200_000;
let harness: Harness;
let shift = 0;
const clock: Clock = { ...systemClock, now: () => Date.now() + shift };
afterEach(async () => {
  jest.restoreAllMocks();
  await harness.close();
  shift = 0;
});

test.each([-TWO_HOURS, TWO_HOURS])('a refused event comes after its own wait (clock set by %i ms)', async (by) => {
  harness = await Harness.start({ clock });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'refused');
  const refusedAt = performance.now();
  client.nack(await client.event(), 1_000);
  await client.settled();
  shift = by;
  expect(await client.event()).toMatchObject({ attempt: 2 });
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(990);
});

/** When stored positions may be attempted, in milliseconds since the epoch. */
const storedWaits = async (): Promise<number[]> =>
  (await harness.database.reader.selectFrom('stream_positions').select('not_before').execute()).map((row) =>
    Number(row.not_before),
  );

/** Refuses the first event of a client for a while, and resolves once that is on disk. @returns when it was refused */
async function refuseFor(client: StreamClient, ms: number): Promise<number> {
  const refusedAt = performance.now();
  client.nack(await client.event(), ms);
  await eventually(async () => expect((await storedWaits()).filter((at) => at > 0)).toHaveLength(1));
  return refusedAt;
}

test.each([-TWO_HOURS, TWO_HOURS])(
  'a refused event comes after its own wait over a restart, where the clock was set by %i ms before',
  async (by) => {
    harness = await Harness.start({ clock });
    const client = await harness.connect();
    await client.subscribe();
    await harness.say('1', 'refused');
    shift = by;
    const refusedAt = await refuseFor(client, 1_000);
    await harness.stop();
    await harness.open();
    const again = await harness.connect();
    await again.subscribe();
    expect(await again.event()).toMatchObject({ attempt: 2 });
    expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(990);
  },
);

test('a wait is stored as a time of day in whole milliseconds', async () => {
  harness = await Harness.start({ clock });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'refused');
  shift = -TWO_HOURS;
  await refuseFor(client, 60_000);
  const [at] = await storedWaits();
  expect(at).toBeGreaterThan(clock.now());
  expect(at).toBeLessThanOrEqual(clock.now() + 60_000);
  expect(Number.isInteger(at)).toBe(true);
});

test.each<[string, Partial<SubscribeFrame>]>([
  ['the same filter', {}],
  ['another filter', { filter: { types: ['message.received'] } }],
])('a refused event comes after its own wait to the next reader (%s)', async (_what, changes) => {
  harness = await Harness.start({ clock });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'refused');
  const refusedAt = await refuseFor(client, 1_000);
  client.terminate();
  await eventually(() => expect(harness.hub.stats().connections).toBe(0));
  shift = -TWO_HOURS;
  const again = await harness.connect();
  await again.subscribe(changes);
  expect(await again.event()).toMatchObject({ attempt: 2 });
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(990);
});

test('a filter that changes carries a wait on over a restart, where the clock was set before', async () => {
  harness = await Harness.start({ clock });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'refused');
  const refusedAt = await refuseFor(client, 2_000);
  client.terminate();
  await eventually(() => expect(harness.hub.stats().connections).toBe(0));
  shift = -TWO_HOURS;
  const filter: SubscribeFrame['filter'] = { types: ['message.received'] };
  const other = await harness.connect();
  await other.subscribe({ filter });
  await harness.stop();
  await harness.open();
  const again = await harness.connect();
  await again.subscribe({ filter });
  expect(await again.event()).toMatchObject({ attempt: 2 });
  expect(performance.now() - refusedAt).toBeGreaterThanOrEqual(1_990);
});

test('the wait of a delivery that a crash cut off is written down at the next start', async () => {
  harness = await Harness.start({ clock, settings: { lossBackoffMs: 2_000, maxLossBackoffMs: 4 * TWO_HOURS } });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'cut off');
  await client.event();
  await harness.kill();
  // This start counts the attempt as lost, and writes down when it is repeated.
  await harness.open();
  const [at] = await storedWaits();
  expect(at).toBeGreaterThan(clock.now());
  expect(Number.isInteger(at)).toBe(true);
  await harness.stop();
  await harness.open();
  const again = await harness.connect();
  await again.subscribe();
  expect(textOf(await again.event())).toBe('cut off');
});

test('a delivery that was cut off comes again, also where the clock was set back over a restart', async () => {
  harness = await Harness.start({ clock, settings: { lossBackoffMs: 50 } });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'cut off');
  await client.event();
  client.terminate();
  await eventually(async () =>
    expect(await harness.database.reader.selectFrom('stream_positions').select('state').execute()).toEqual([
      { state: 'unanswered' },
    ]),
  );
  await harness.stop();
  shift = -TWO_HOURS;
  await harness.open();
  const again = await harness.connect();
  await again.subscribe();
  expect(textOf(await again.event())).toBe('cut off');
});

test('a reader that does not answer is found out although the clock was set back', async () => {
  harness = await Harness.start({ clock, settings: { heartbeatMs: 200 } });
  const client = await harness.connect();
  client.answers = false;
  await client.next('ping');
  shift = -TWO_HOURS;
  expect((await client.closed).code).toBe(4004);
});

test('a stop waits no longer than it was given although the clock was set back', async () => {
  harness = await Harness.start({ clock });
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1');
  await client.event();
  const stopping = harness.hub.stop(500);
  await client.next('bye');
  shift = -TWO_HOURS;
  await stopping;
});

test('a key that had expired by a clock that was wrong for a while opens streams again', async () => {
  harness = await Harness.start({ clock });
  harness.hub.closeKey('key1' as KeyId);
  expect((await (await harness.connect()).closed).code).toBe(4001);
  const now = performance.now.bind(performance);
  jest.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
  const client = await harness.connect();
  await client.subscribe();
  await harness.say('1', 'after');
  expect(textOf(await client.event())).toBe('after');
});

/** The clock of the machine is set by two hours, back or forward, while a stream is at work. */
import { afterEach, expect, jest, test } from '@jest/globals';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import { eventually, Harness, textOf } from './harness.ts';

jest.setTimeout(30_000);
const TWO_HOURS = 7_200_000;
let harness: Harness;
let shift = 0;
const clock: Clock = {
  now: () => Date.now() + shift,
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
};
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

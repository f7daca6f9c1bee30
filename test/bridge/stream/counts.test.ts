/** How many events a reader is told that it does not get: never fewer than there are. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import type { EventLog } from '../../../bridge/src/events/event-log.ts';
import { DeliveryPlan } from '../../../bridge/src/stream/delivery-plan.ts';
import type { PositionRecord } from '../../../bridge/src/stream/position.ts';
import { scanAhead } from '../../../bridge/src/stream/scan-ahead.ts';
import { DEFAULT_STREAM_SETTINGS } from '../../../bridge/src/stream/settings.ts';
import { countWaiting, mostWaiting } from '../../../bridge/src/stream/waiting-count.ts';
import { eventually, Harness, textOf, type Frame, type StreamClient } from './harness.ts';

jest.setTimeout(30_000);

/** A log of which every so-manieth event matches, and that looks at 2,000 rows in a scan. */
class CountedLog implements Pick<EventLog, 'head' | 'horizon' | 'scan'> {
  horizon = 0 as Seq;
  readonly head: Seq;
  readonly #every: number;
  /** Called before each scan reads its rows. */
  beforeScan: () => void = () => undefined;

  constructor(head: number, every: number) {
    this.head = head as Seq;
    this.#every = every;
  }

  matchesBetween(after: number, upTo: number): number {
    return Math.floor(upTo / this.#every) - Math.floor(after / this.#every);
  }

  async scan(after: Seq, _filter: unknown, limit: number) {
    this.beforeScan();
    const matches: { seq: Seq; lane: string; occurredAt: string }[] = [];
    const end = Math.min(this.head, after + 2_000);
    let seq = after as number;
    while (seq < end && matches.length < limit) {
      seq += 1;
      if (seq > this.horizon && seq % this.#every === 0)
        matches.push({ seq: seq as Seq, lane: `lane ${seq}`, occurredAt: new Date(0).toISOString() });
    }
    return { matches: matches as unknown as Awaited<ReturnType<EventLog['scan']>>['matches'], scannedTo: seq as Seq };
  }
}

const position = (seq: number, state: PositionRecord['state']): PositionRecord => ({
  seq: seq as Seq,
  lane: `lane ${seq}`,
  state,
  attempts: 1,
  refusals: 0,
  losses: 0,
  previous: null,
  notBefore: 0,
});
const planAt = (floor: number, ...positions: PositionRecord[]): DeliveryPlan =>
  new DeliveryPlan({ floor: floor as Seq, positions, capacity: 10_000, policy: DEFAULT_STREAM_SETTINGS });

describe('what a paused subscription misses', () => {
  test.each([
    ['few events', 500, 10],
    ['more events than are counted', 25_000, 2],
    ['a filter that fits next to nothing in a log too long to be looked through', 300_000, 50_000],
  ])('is never more than it is told (%s)', async (_what, head, every) => {
    const log = new CountedLog(head, every);
    const told = await mostWaiting(log, planAt(0), {}, log.head);
    expect(told).toBeGreaterThanOrEqual(log.matchesBetween(0, head));
    expect(told).toBeLessThanOrEqual(head);
  });

  test('is counted exactly where it is little, and without what comes after it goes on', async () => {
    const log = new CountedLog(500, 10);
    const plan = planAt(100, position(50, 'unanswered'), position(110, 'acked'));
    expect(await mostWaiting(log, plan, {}, 300 as Seq)).toBe(1 + log.matchesBetween(100, 300) - 1);
  });

  test('includes what retention removes while it is counted, but for what was acknowledged', async () => {
    const log = new CountedLog(500, 1);
    log.beforeScan = () => (log.horizon = 400 as Seq);
    const plan = planAt(100, position(110, 'acked'), position(450, 'acked'));
    expect(await mostWaiting(log, plan, {}, log.head)).toBe(398);
    expect(await countWaiting(log, planAt(100), {})).toBe(100);
  });
});

test('what retention removes ahead of a scan is counted without what was acknowledged or comes up by itself', async () => {
  const log = new CountedLog(20, 1);
  log.beforeScan = () => (log.horizon = 10 as Seq);
  const plan = planAt(0, position(2, 'acked'), position(3, 'unanswered'), position(15, 'acked'));
  const { matches, lost } = await scanAhead(log, plan, {}, 100);
  expect(lost).toBe(8);
  expect(matches[0]).toMatchObject({ seq: 11 });
  expect([...plan.open()].map(({ seq }) => seq)).toEqual([3]);
});

describe('events that retention removes while a subscription opens', () => {
  let harness: Harness;
  afterEach(() => harness.close());

  /** The next scan finds that the oldest events were removed just before it read. */
  function removeAtNextScan(count: number): void {
    const scan = harness.events.scan.bind(harness.events);
    harness.events.scan = async (...args) => {
      harness.events.scan = scan;
      await harness.events.removeBefore(Date.now() + 1_000, count);
      return scan(...args);
    };
  }
  const resets = (client: StreamClient): Frame<'reset'>[] =>
    client.frames.filter((frame): frame is Frame<'reset'> => frame.type === 'reset');

  test('are told where its reader skips by age', async () => {
    harness = await Harness.start();
    for (const text of ['one', 'two', 'three']) await harness.say('1', text);
    const client = await harness.connect();
    removeAtNextScan(2);
    expect(await client.subscribe({ from: 'earliest', maxAgeMs: 3_600_000 })).toMatchObject({ skipped: 0, resumed: 1 });
    expect(textOf(await client.event())).toBe('three');
    expect(resets(client)).toMatchObject([{ reason: 'expired', lost: 2 }]);
  });

  test('are told where its filter changes', async () => {
    harness = await Harness.start({ settings: { lossBackoffMs: 1 } });
    const first = await harness.connect();
    await first.subscribe();
    for (const text of ['one', 'two', 'three']) await harness.say('1', text);
    await harness.say('2', 'four');
    await first.event(({ event }) => event.seq === 1);
    await first.event(({ event }) => event.seq === 4);
    first.terminate();
    await eventually(() => expect(harness.hub.stats().connections).toBe(0));
    const client = await harness.connect();
    removeAtNextScan(3);
    await client.subscribe({ filter: { types: ['message.received'] } });
    expect(textOf(await client.event())).toBe('four');
    // The first event was known, and is missed when it is its turn.
    await eventually(() => expect(resets(client).reduce((sum, { lost }) => sum + lost, 0)).toBe(3));
  });
});

/** What is found: by filter, by position and by lane. */
import { expect, test } from '@jest/globals';
import type { Filter } from '../../../bridge/src/contract/filter.ts';
import type { ChatId, Seq } from '../../../bridge/src/contract/ids.ts';
import { eventOf } from '../../../bridge/src/events/event-constructors.ts';
import type { EventLogAtTest } from './event-log-at-test.ts';
import { acknowledged, alice, bob, message, session } from './sample-events.ts';

export function scanningChecks(at: EventLogAtTest): void {
  test('a scan finds exactly the events that fit, in log order', async () => {
    const events = [
      message('a1'),
      message('b1', bob),
      message('a2', alice, true),
      acknowledged('a2'),
      message('g1', '120363000000000000@g.us' as ChatId),
      eventOf(session, { type: 'session.degraded', at: new Date(0), data: { reason: 'slow' } }),
      message('a3'),
    ];
    for (const event of events) await at.log.append(event);
    const ids = (...indices: number[]): string[] => indices.map((index) => events[index]!.id);
    expect(await at.scanAll({})).toEqual(ids(0, 1, 2, 3, 4, 5, 6));
    expect(await at.scanAll({}, 1)).toEqual(ids(0, 1, 2, 3, 4, 5, 6));
    expect(await at.scanAll({ types: ['message.received'] })).toEqual(ids(0, 1, 4, 6));
    expect(await at.scanAll({ fromMe: true })).toEqual(ids(2, 3));
    expect(await at.scanAll({ fromMe: false })).toEqual(ids(0, 1, 4, 6));
    expect(await at.scanAll({ chatKinds: ['group'] })).toEqual(ids(4, 5));
    expect(await at.scanAll({ from: ['+49 151 87654321'] })).toEqual(ids(1));
    expect(await at.scanAll({ sessions: ['other'] })).toEqual([]);
  });

  test('a scan looks at a bounded number of rows, and says how far it came', async () => {
    await Promise.all(Array.from({ length: 4_500 }, (_, index) => at.log.append(message(`w${index}`))));
    const rare = await at.log.append(message('rare', bob));
    const filter: Filter = { from: [bob] };
    const first = await at.log.scan(0 as Seq, filter, 5);
    expect(first.matches).toEqual([]);
    expect(first.scannedTo).toBeGreaterThan(0);
    expect(first.scannedTo).toBeLessThan(rare.seq);
    expect(await at.scanAll(filter)).toEqual([rare.id]);
    const end = await at.log.scan(at.log.head, filter, 5);
    expect(end).toEqual({ matches: [], scannedTo: at.log.head });
  });

  test('a scan that found enough stops there, so that nothing is skipped', async () => {
    for (let index = 0; index < 6; index++) await at.log.append(message(`w${index}`));
    const { matches, scannedTo } = await at.log.scan(0 as Seq, { types: ['message.received'] }, 2);
    expect(matches.map(({ seq }) => seq)).toEqual([1, 2]);
    expect(scannedTo).toBe(2);
  });

  test('reads in the order that was asked for and leaves out what is not there', async () => {
    const one = await at.log.append(message('w1'));
    const two = await at.log.append(message('w2'));
    const events = await at.log.read([two.seq, 999 as Seq, one.seq]);
    expect(events.map(({ id }) => id)).toEqual([two.id, one.id]);
    expect(await at.log.read([])).toEqual([]);
  });

  test('finds the preceding matching event of a lane', async () => {
    const first = await at.log.append(message('a1'));
    await at.log.append(message('b1', bob));
    for (let index = 0; index < 150; index++) await at.log.append(acknowledged(`x${index}`));
    const last = await at.log.append(message('a2'));
    const lane = `${session}|${alice}`;
    const received: Filter = { types: ['message.received'] };
    expect(await at.log.previousInLane(lane, last.seq, received)).toBe(first.seq);
    expect(await at.log.previousInLane(lane, last.seq, { from: [alice] })).toBe(first.seq);
    expect(await at.log.previousInLane(lane, last.seq, {})).toBe(last.seq - 1);
    expect(await at.log.previousInLane(lane, first.seq, received)).toBeNull();
    expect(await at.log.previousInLane(`${session}|nobody@c.us`, last.seq, {})).toBeNull();
  });
}

/** What goes with time, and what is remembered of it. */
import { expect, test } from '@jest/globals';
import type { EventLogAtTest } from './event-log-at-test.ts';
import { alice, message } from './sample-events.ts';

export function retentionChecks(at: EventLogAtTest): void {
  test('retention removes a prefix, raises the horizon, and never gives out a position twice', async () => {
    const old = await Promise.all(['w1', 'w2', 'w3'].map((id) => at.log.append(message(id))));
    at.clock.time += 10_000;
    const young = await at.log.append(message('w4'));
    expect(at.log.horizon).toBe(0);
    expect(await at.log.removeBefore(at.clock.time, 2)).toBe(2);
    expect(await at.log.removeBefore(at.clock.time, 2)).toBe(1);
    expect(await at.log.removeBefore(at.clock.time, 2)).toBe(0);
    expect(at.log.horizon).toBe(old[2]!.seq);
    expect(await at.log.read([old[0]!.seq, young.seq])).toHaveLength(1);
    expect(await at.scanAll({})).toEqual([young.id]);

    at.clock.time += 10_000;
    await at.log.removeBefore(at.clock.time, 10);
    const log = await at.reopen();
    expect([log.horizon, log.head]).toEqual([young.seq, young.seq]);
    expect((await log.append(message('w5'))).seq).toBeGreaterThan(young.seq);
  });

  test('a fact is recognised after retention removed its event, until its own time has come', async () => {
    const { seq } = await at.log.append(message('w1'));
    at.clock.time += 10_000;
    await at.log.removeBefore(at.clock.time, 10);
    expect(await at.log.pruneDedupe(10)).toBe(0);
    expect(await at.log.append(message('w1'))).toMatchObject({ seq, duplicate: true });
    at.clock.time += at.dedupeMs;
    expect(await at.log.pruneDedupe(10)).toBe(1);
    expect(await at.log.append(message('w1'))).toMatchObject({ duplicate: false });
  });

  test('the id of an event that exists is never forgotten', async () => {
    await at.log.append(message('w1'));
    at.clock.time += 10 * at.dedupeMs;
    expect(await at.log.pruneDedupe(10)).toBe(0);
    expect(await at.log.append(message('w1'))).toMatchObject({ duplicate: true });
  });

  test('an expired payload leaves a tombstone that still tells where it was', async () => {
    const { seq } = await at.log.append(message('w1'));
    at.clock.time += 10_000;
    const young = await at.log.append(message('w2'));
    const next = await at.log.expireBefore(at.clock.time, 0, 10);
    expect(next).toBe(seq);
    expect(await at.log.expireBefore(at.clock.time, next!, 10)).toBeNull();
    const [expired, present] = await at.log.read([seq, young.seq]);
    expect(expired).toEqual({
      ...message('w1'),
      seq,
      chat: { chatId: alice },
      sender: { chatId: alice, phone: '+4915112345678' },
      data: null,
      withheld: 'expired',
    });
    expect(present).toEqual({ ...message('w2'), seq: young.seq });
    expect(await at.scanAll({ types: ['message.received'] })).toHaveLength(2);
  });
}

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import { DeliveryPlan } from '../../../bridge/src/stream/delivery-plan.ts';
import type { PositionRecord } from '../../../bridge/src/stream/position.ts';
import { SUSPECT_AFTER_LOSSES, type RedeliveryPolicy } from '../../../bridge/src/stream/redelivery-policy.ts';

const POLICY: RedeliveryPolicy = { maxRefusals: 3, maxLosses: 6, lossBackoffMs: 10, maxLossBackoffMs: 100 };
const seq = (position: number): Seq => position as Seq;
const plan = (options: Partial<ConstructorParameters<typeof DeliveryPlan>[0]> = {}): DeliveryPlan =>
  new DeliveryPlan({ floor: seq(0), positions: [], capacity: 1000, policy: POLICY, ...options });
const offerAll = (target: DeliveryPlan, lanes: readonly string[]): void =>
  lanes.forEach((lane, index) => target.offer(seq(index + 1), lane));
const seqs = (positions: readonly { seq: number }[]): number[] => positions.map((position) => position.seq);

describe('lanes', () => {
  test('one of a lane is in flight, lanes run side by side', () => {
    const target = plan();
    offerAll(target, ['a', 'a', 'b', 'c', 'b']);
    expect(seqs(target.take(10, 0))).toEqual([1, 3, 4]);
    expect(target.take(10, 0)).toEqual([]);
    target.acknowledge(seq(3), 1);
    expect(seqs(target.take(10, 0))).toEqual([5]);
  });

  test('a refused event holds its lane until its time has come, and no other lane', () => {
    const target = plan();
    offerAll(target, ['a', 'a', 'b', 'b']);
    target.take(10, 0);
    expect(target.refuse(seq(1), 1, 500)).toBe('retried');
    target.acknowledge(seq(3), 1);
    expect(seqs(target.take(10, 499))).toEqual([4]);
    expect(target.nextDue).toBe(500);
    expect(target.take(10, 500)).toMatchObject([{ seq: 1, attempts: 2 }]);
  });

  test('a redriven event goes to the front of its lane', () => {
    const target = plan();
    offerAll(target, ['a', 'a', 'a']);
    const [first] = target.take(1, 0);
    target.finish(seq(1));
    target.take(1, 0);
    target.reopen({ ...first!, state: 'waiting', refusals: 0, losses: 0, previous: null });
    expect(target.take(1, 0)).toEqual([]); // 2 is in flight
    target.acknowledge(seq(2), 1);
    expect(target.acknowledgedTo).toBe(0);
    expect(target.take(1, 0)).toMatchObject([{ seq: 1, attempts: 2 }]);
    target.acknowledge(seq(1), 2);
    expect(seqs(target.take(1, 0))).toEqual([3]);
    expect(target.acknowledgedTo).toBe(2);
  });

  test('suspects are delivered one at a time, beside events that are none', () => {
    const suspect = (position: number, lane: string): PositionRecord => ({
      seq: seq(position),
      lane,
      state: 'unanswered',
      attempts: 3,
      refusals: 0,
      losses: SUSPECT_AFTER_LOSSES,
      previous: null,
      notBefore: 0,
    });
    const target = plan({ positions: [suspect(1, 'a'), suspect(2, 'b')] });
    offerAll(target, ['a', 'b', 'c']);
    expect(seqs(target.take(10, 0))).toEqual([1, 3]);
    target.markLost(seq(1), 0);
    expect(seqs(target.take(10, 0))).toEqual([2]);
  });
});

describe('answers', () => {
  test('a late acknowledgement of an earlier attempt is honoured', () => {
    const target = plan();
    offerAll(target, ['a', 'a']);
    target.take(1, 0);
    target.markLost(seq(1), 0);
    expect(target.take(1, 10)).toMatchObject([{ seq: 1, attempts: 2 }]);
    expect(target.acknowledge(seq(1), 1)).toBe(true);
    expect(target.floor).toBe(1);
    expect(seqs(target.take(1, 10))).toEqual([2]);
    expect(target.acknowledge(seq(1), 2)).toBe(false);
  });

  test('an acknowledgement of an attempt that was never made is not', () => {
    const target = plan();
    offerAll(target, ['a', 'a']);
    target.take(1, 0);
    expect(target.acknowledge(seq(1), 2)).toBe(false);
    expect(target.acknowledge(seq(2), 1)).toBe(false);
    expect(target.acknowledge(seq(9), 1)).toBe(false);
    expect(target.floor).toBe(0);
  });

  test('a late or repeated refusal says nothing', () => {
    const target = plan();
    offerAll(target, ['a']);
    target.take(1, 0);
    target.markLost(seq(1), 0);
    target.take(1, 10);
    expect(target.refuse(seq(1), 1, 0)).toBe('ignored');
    expect(target.refuse(seq(1), 2, 0)).toBe('retried');
    expect(target.refuse(seq(1), 2, 0)).toBe('ignored');
  });

  test('tries that are used up hold the lane until the position is finished', () => {
    const target = plan();
    offerAll(target, ['a', 'a', 'b']);
    for (let attempt = 1; attempt <= POLICY.maxRefusals; attempt++) {
      target.take(1, 0);
      expect(target.refuse(seq(1), attempt, 0)).toBe(attempt === POLICY.maxRefusals ? 'exhausted' : 'retried');
      target.take(1, -1); // b, once
    }
    expect(target.take(10, 1e9)).toEqual([]);
    expect(seqs(target.exhausted())).toEqual([1]);
    target.finish(seq(1));
    expect(seqs(target.take(10, 0))).toEqual([2]);
  });

  test('a withdrawn attempt counts as a try and as nothing else', () => {
    const target = plan();
    offerAll(target, ['a']);
    target.take(1, 0);
    target.withdraw(seq(1));
    expect(target.take(1, 0)).toMatchObject([{ attempts: 2, losses: 0, refusals: 0 }]);
  });
});

describe('bounds', () => {
  test('one busy lane fills the read-ahead, which says so and waits', () => {
    const target = plan({ capacity: 10 });
    for (let position = 1; position <= 10; position++) expect(target.offer(seq(position), 'busy')).toBe(true);
    expect(target.blockedBy).toBeNull();
    expect(target.offer(seq(11), 'other')).toBe(false);
    expect(target).toMatchObject({ held: 10, isFull: true, blockedBy: 'busy', scannedTo: 10 });
    target.take(1, 0);
    target.acknowledge(seq(1), 1);
    expect(target.isFull).toBe(false);
    expect(target.offer(seq(11), 'other')).toBe(true);
  });

  test('acknowledged positions above the floor count as well', () => {
    const target = plan({ capacity: 10 });
    for (let position = 1; position <= 10; position++) target.offer(seq(position), `lane ${position}`);
    target.take(10, 0);
    for (let position = 2; position <= 10; position++) target.acknowledge(seq(position), 1);
    expect(target.offer(seq(11), 'next')).toBe(false);
    expect(target.blockedBy).toBe('lane 1');
    target.acknowledge(seq(1), 1);
    expect(target).toMatchObject({ held: 0, floor: 10, blockedBy: null });
  });

  test('a smaller read-ahead than before does not stop a subscription for ever', () => {
    const acked: PositionRecord[] = [2, 3, 4].map((position) => ({
      seq: seq(position),
      lane: `lane ${position}`,
      state: 'acked',
      attempts: 1,
      refusals: 0,
      losses: 0,
      previous: null,
      notBefore: 0,
    }));
    const target = plan({ capacity: 2, positions: acked });
    expect(target.offer(seq(1), 'lane 1')).toBe(true);
    for (const position of [2, 3, 4]) expect(target.offer(seq(position), `lane ${position}`)).toBe(true);
    target.take(1, 0);
    target.acknowledge(seq(1), 1);
    expect(target).toMatchObject({ held: 0, floor: 4 });
  });
});

test('previous is the preceding match of the lane where the scan has met one', () => {
  const target = plan();
  offerAll(target, ['a', 'b', 'a']);
  expect(target.get(seq(1))!.previous).toBeUndefined();
  expect(target.get(seq(3))!.previous).toBe(1);
});

test('positions that are known but not shown by the log any more do not hold up the floor', () => {
  const record = { lane: 'a', attempts: 1, refusals: 0, losses: 0, previous: null, notBefore: 0 } as const;
  const target = plan({
    positions: [
      { ...record, seq: seq(3), state: 'acked' },
      { ...record, seq: seq(5), state: 'unanswered' },
    ],
  });
  target.evaluatedTo(seq(10));
  expect(target).toMatchObject({ floor: 10, held: 1, acknowledgedTo: 4 });
  expect(seqs(target.take(1, 0))).toEqual([5]);
  target.acknowledge(seq(5), 2);
  expect(target).toMatchObject({ held: 0, acknowledgedTo: 10 });
  expect(target.changes()).toMatchObject({ floor: 10, removed: [5] });
});

/**
 * Any history of answers, lost connections and restarts, against a log of random lanes. What is on disk is what
 * `changes()` said, applied as the store applies it.
 */
describe('whatever happens', () => {
  interface Disk {
    floor: number;
    rows: Map<number, PositionRecord>;
  }
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant('scan' as const), count: fc.integer({ min: 1, max: 6 }) }) },
    { weight: 5, arbitrary: fc.record({ do: fc.constant('take' as const), count: fc.integer({ min: 1, max: 4 }) }) },
    { weight: 6, arbitrary: fc.record({ do: fc.constant('ack' as const), pick: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('nack' as const), pick: fc.nat(50) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('reconnect' as const), clean: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('redrive' as const), pick: fc.nat(50) }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const) }) },
  );
  const lanesOfLog = fc.array(fc.constantFrom('a', 'b', 'c', 'd', null), { minLength: 1, maxLength: 40 });

  test('order, one per lane, nothing skipped, bounded, and the floor moves over what is done only', () => {
    fc.assert(
      fc.property(
        lanesOfLog,
        fc.array(step, { maxLength: 120 }),
        fc.integer({ min: 3, max: 12 }),
        (log, steps, capacity) => {
          const disk: Disk = { floor: 0, rows: new Map() };
          const done = new Set<number>();
          const deadLettered = new Set<number>();
          const delivered: { seq: number; lane: string }[] = [];
          let now = 0;
          let redriven = 0;
          const open = (): DeliveryPlan =>
            plan({ floor: seq(disk.floor), positions: [...disk.rows.values()], capacity });
          let target = open();

          const write = (): void => {
            const { floor, changed, removed } = target.changes();
            for (const record of changed) disk.rows.set(record.seq, record);
            for (const position of removed) disk.rows.delete(position);
            if (floor === null) return;
            disk.floor = floor;
            for (const [position, record] of disk.rows)
              if (position <= floor && record.state === 'acked') disk.rows.delete(position);
          };
          const deadLetter = (position: number): void => {
            target.finish(seq(position));
            done.add(position);
            deadLettered.add(position);
          };
          const scan = (count: number): void => {
            for (let left = count; left > 0 && target.scannedTo < log.length; left--) {
              const position = target.scannedTo + 1;
              const lane = log[position - 1];
              if (lane == null) target.evaluatedTo(seq(position));
              else if (!target.offer(seq(position), lane)) return;
            }
          };
          const take = (count: number): void => {
            for (const { seq: position, lane } of target.take(count, now)) {
              // Nothing of the lane before it is open.
              for (let earlier = 1; earlier < position; earlier++)
                if (log[earlier - 1] === lane) expect(done).toContain(earlier);
              expect(done).not.toContain(position);
              delivered.push({ seq: position, lane });
            }
          };
          const act = (action: (typeof steps)[number]): void => {
            const inFlight = [...target.open()].filter(({ state }) => state === 'sent');
            switch (action.do) {
              case 'scan':
                return scan(action.count);
              case 'take':
                return take(action.count);
              case 'wait':
                now += 200;
                return;
              case 'ack': {
                const position = inFlight[action.pick % (inFlight.length || 1)];
                if (position && target.acknowledge(position.seq, position.attempts)) done.add(position.seq);
                return;
              }
              case 'nack': {
                const position = inFlight[action.pick % (inFlight.length || 1)];
                if (position && target.refuse(position.seq, position.attempts, now + 100) === 'exhausted')
                  deadLetter(position.seq);
                return;
              }
              case 'redrive': {
                const position = [...deadLettered][action.pick % (deadLettered.size || 1)];
                if (position === undefined) return;
                write();
                const record: PositionRecord = {
                  seq: seq(position),
                  lane: log[position - 1]!,
                  state: 'waiting',
                  attempts: 3,
                  refusals: 0,
                  losses: 0,
                  previous: null,
                  notBefore: 0,
                };
                disk.rows.set(position, record);
                target.reopen(record);
                deadLettered.delete(position);
                redriven += 1;
                done.delete(position);
                return;
              }
              case 'reconnect':
                if (action.clean) {
                  for (const { seq: position } of inFlight)
                    if (target.markLost(position, now) === 'exhausted') deadLetter(position);
                  write();
                  target = open();
                } else {
                  target = open();
                  for (const { seq: position, state } of disk.rows.values())
                    if (state === 'sent') target.markLost(position, now);
                  for (const { seq: position } of target.exhausted()) deadLetter(position);
                  write();
                }
            }
          };

          for (const action of steps) {
            act(action);
            // Every step is on disk before the next one, as in the subscription.
            write();
            const flying = [...target.open()].filter(({ state }) => state === 'sent');
            expect(new Set(flying.map(({ lane }) => lane)).size).toBe(flying.length);
            expect(flying.length).toBe(target.inFlight);
            expect(target.held).toBeLessThanOrEqual(capacity + redriven);
            for (let position = 1; position <= target.acknowledgedTo; position++) {
              if (log[position - 1] != null) expect(done).toContain(position);
            }
          }

          // In the end everything is delivered and acknowledged.
          for (let round = 0; round < 400 && target.acknowledgedTo < log.length; round++) {
            act({ do: 'scan', count: 10 });
            now += 200;
            act({ do: 'take', count: 10 });
            for (const position of [...target.open()]) {
              if (position.state === 'sent' && target.acknowledge(position.seq, position.attempts))
                done.add(position.seq);
            }
            write();
          }
          expect(target.acknowledgedTo).toBe(log.length);
          expect(disk).toEqual({ floor: log.length, rows: new Map() });
          expect(done.size).toBe(log.filter((lane) => lane !== null).length);
        },
      ),
      { numRuns: 300 },
    );
  });
});

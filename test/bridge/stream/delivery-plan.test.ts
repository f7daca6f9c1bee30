/** The plan of one subscription: which event is attempted when. */
import { describe, expect, test } from '@jest/globals';
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

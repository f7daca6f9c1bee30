import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Seq } from '../../../bridge/src/contract/ids.ts';
import { decodeCursor, encodeCursor } from '../../../bridge/src/stream/cursor.ts';
import { maskLane, sessionOfLane } from '../../../bridge/src/stream/lane-name.ts';
import { effectiveFilter, sameFilter } from '../../../bridge/src/stream/reading-rights.ts';
import { lossBackoff } from '../../../bridge/src/stream/redelivery-policy.ts';
import { startPosition } from '../../../bridge/src/stream/start-position.ts';
import { key } from './harness.ts';
import type { Filter } from '../../../bridge/src/contract/filter.ts';

describe('cursors', () => {
  test('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.nat({ max: Number.MAX_SAFE_INTEGER }), (epoch, seq) => {
        expect(decodeCursor(encodeCursor(epoch, seq as Seq))).toEqual({ epoch, seq });
      }),
    );
  });

  test.each(['', 'x', '5', '.5', 'a.', 'a.-1', 'a.1.2', 'a.1e3', 'a.9007199254740993', 'a b.1'])(
    '%p is none',
    (text) => {
      expect(() => decodeCursor(text)).toThrow(expect.objectContaining({ code: 'WAB_CURSOR_INVALID' }));
    },
  );
});

test('a lane is shown without its phone number', () => {
  expect(maskLane('support|4915112345678@c.us')).toBe('support|**********678@c.us');
  expect(maskLane('line2024|4915112345678-1414@g.us')).toBe('line2024|**********678-*414@g.us');
  expect(maskLane('support|')).toBe('support|');
  expect([sessionOfLane('support|1@c.us'), sessionOfLane('support|'), sessionOfLane('|')]).toEqual([
    'support',
    'support',
    null,
  ]);
});

test('waits double up to a bound', () => {
  const policy = { maxRefusals: 5, maxLosses: 20, lossBackoffMs: 1_000, maxLossBackoffMs: 600_000 };
  expect([1, 2, 3, 10, 11, 20].map((losses) => lossBackoff(policy, losses))).toEqual([
    1_000, 2_000, 4_000, 512_000, 600_000, 600_000,
  ]);
});

describe('filters', () => {
  test('a key narrows what was asked for, and nothing widens it', () => {
    const limited = key({ sessions: ['a', 'b'] });
    expect(effectiveFilter({}, limited)).toEqual({ sessions: ['a', 'b'] });
    expect(effectiveFilter({ sessions: ['b', 'c'] }, limited)).toEqual({ sessions: ['b'] });
    expect(effectiveFilter({ sessions: [] }, limited)).toEqual({ sessions: ['a', 'b'] });
    expect(effectiveFilter({ sessions: ['c'] }, key())).toEqual({ sessions: ['c'] });
    for (const [asked, sessions] of [
      [{ sessions: ['c'] }, ['a']],
      [{}, []],
    ] as const) {
      expect(() => effectiveFilter({ ...asked } as unknown as Filter, key({ sessions: [...sessions] }))).toThrow(
        expect.objectContaining({ code: 'WAB_SESSION_NOT_ALLOWED' }),
      );
    }
  });

  test('are the same whatever the order and repetition', () => {
    expect(
      sameFilter(
        { types: ['message.sent', 'message.received'], from: [] },
        { types: ['message.received', 'message.sent', 'message.sent'] },
      ),
    ).toBe(true);
    expect(sameFilter({ fromMe: false }, {})).toBe(false);
  });
});

describe('where to start', () => {
  const log = { epoch: 'e', head: 100 as Seq, horizon: 40 as Seq };
  const kept = (seq: number, epoch = 'e') => ({ epoch, seq: seq as Seq });
  test.each([
    ['resume', null, 100, null],
    ['resume', kept(60), 60, null],
    ['resume', kept(40), 40, null],
    ['resume', kept(39), 40, { reason: 'expired', lost: 1 }],
    ['resume', kept(60, 'former'), 60, { reason: 'epoch', lost: 0 }],
    ['resume', kept(30, 'former'), 40, { reason: 'epoch', lost: 10 }],
    ['resume', kept(101), 40, { reason: 'future', lost: 1 }],
    ['latest', kept(60), 100, null],
    ['earliest', kept(60), 40, null],
    ['e.70', kept(60), 70, null],
    ['e.100', null, 100, null],
    ['e.101', null, 40, { reason: 'future', lost: 1 }],
    ['e.10', null, 40, { reason: 'expired', lost: 30 }],
    ['x.70', null, 40, { reason: 'epoch', lost: 0 }],
  ] as const)('%s of %p', (from, stored, floor, reset) => {
    expect(startPosition(from, stored, log)).toEqual({ floor, reset });
  });
});

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs } from '../../../bridge/src/sessions/backoff.ts';

const RANGE = { firstMs: 1000, longestMs: 300_000 };

test('doubles up to the cap', () => {
  expect([1, 2, 3, 4].map((attempt) => backoffMs(RANGE, attempt, 1))).toEqual([1000, 2000, 4000, 8000]);
  expect(backoffMs(RANGE, 1_000_000, 1)).toBe(300_000);
});

test('half of it is chance', () => {
  expect([0, 0.5, 1].map((random) => backoffMs(RANGE, 3, random))).toEqual([2000, 3000, 4000]);
  expect([0, 0.5].map((random) => backoffMs(RANGE, 1_000, random))).toEqual([150_000, 225_000]);
});

test('never waits less than half and never more than the whole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (attempt, random) => {
      const full = Math.min(RANGE.longestMs, RANGE.firstMs * 2 ** (attempt - 1));
      const wait = backoffMs(RANGE, attempt, random);
      expect(wait).toBeGreaterThanOrEqual(Math.floor(full / 2));
      expect(wait).toBeLessThanOrEqual(full);
    }),
  );
});

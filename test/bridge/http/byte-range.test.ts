import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { rangeOf } from '../../../bridge/src/http/byte-range.ts';

const TAG = '"abc"';
const of = (range: string, size = 100, condition?: string) =>
  rangeOf({ range, ...(condition === undefined ? {} : { 'if-range': condition }) }, size, TAG);

test.each([
  ['bytes=0-9', { start: 0, end: 9 }],
  ['bytes=90-', { start: 90, end: 99 }],
  ['bytes=-1', { start: 99, end: 99 }],
  ['bytes=-1000', { start: 0, end: 99 }],
  ['bytes=50-1000', { start: 50, end: 99 }],
  ['Bytes = 0 - 0', { start: 0, end: 0 }],
  ['bytes=99999999999999999999-', 'unsatisfiable'],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  // What a server may ignore, and what it must ignore as it is not valid.
  ['bytes=0-1,5-6', 'all'],
  ['bytes=9-0', 'all'],
  ['bytes=-', 'all'],
  ['bytes=a-b', 'all'],
  ['lines=0-1', 'all'],
  ['', 'all'],
])('%s of 100 bytes', (range, answer) => expect(of(range)).toEqual(answer));

test.each([
  ['bytes=0-', 'unsatisfiable'],
  ['bytes=-5', 'all'],
])('%s of an empty file', (range, answer) => expect(of(range, 0)).toEqual(answer));

describe('with If-Range', () => {
  test('of the same file', () => expect(of('bytes=0-0', 100, TAG)).toEqual({ start: 0, end: 0 }));
  test.each([['"other"'], ['W/"abc"'], ['Sat, 28 Nov 2026 10:00:00 GMT']])('of %s all of it is given', (condition) =>
    expect(of('bytes=0-0', 100, condition)).toBe('all'),
  );
});

test('without a range, all of it', () => expect(rangeOf({}, 100, TAG)).toBe('all'));

test('whatever is asked for, a part lies within the file', () => {
  fc.assert(
    fc.property(fc.nat(), fc.option(fc.nat()), fc.option(fc.nat()), (size, first, last) => {
      const range = rangeOf({ range: `bytes=${first ?? ''}-${last ?? ''}` }, size, TAG);
      if (typeof range === 'string') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
  );
});

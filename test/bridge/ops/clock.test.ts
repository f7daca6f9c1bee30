/** Durations while the clock of the machine is set. */
import { expect, jest, test } from '@jest/globals';
import { countElapsed, systemClock } from '../../../bridge/src/ops/clock.ts';
import { Waiters } from '../../../bridge/src/ops/waiters.ts';
import { MovedClock } from '../outbox/moved-clock.ts';

jest.setTimeout(30_000);
const TWO_HOURS = 7_200;

test('the time elapsed is in whole milliseconds, as it reaches frames and columns of integers', () => {
  const shown = Array.from({ length: 1_000 }, () => systemClock.elapsed());
  expect(shown.filter((time) => !Number.isInteger(time))).toEqual([]);
});

test('the time elapsed counts the sleep of the machine, and never goes back where that is told in whole seconds', () => {
  const counts = { awake: 1_000, sinceBoot: 50_000 };
  const elapsed = countElapsed(
    () => counts.awake,
    () => Math.floor(counts.sinceBoot / 1_000) * 1_000,
  );
  const started = elapsed();
  const pass = (awake: number, asleep = 0): number => {
    counts.awake += awake;
    counts.sinceBoot += awake + asleep;
    return elapsed() - started;
  };
  expect(pass(1_500)).toBe(1_500);
  expect(pass(999)).toBe(2_499);
  const woken = pass(1, 3_600_000);
  expect(Math.abs(woken - 3_602_500)).toBeLessThanOrEqual(1_000);
  expect(Array.from({ length: 20 }, () => pass(100)).at(-1)).toBe(woken + 2_000);
});

test('the time since boot, which is costly to read, is not read more than once in a millisecond', () => {
  let awake = 1_000;
  let readings = 0;
  const elapsed = countElapsed(
    () => awake,
    () => {
      readings += 1;
      return 50_000;
    },
  );
  for (const later of [0, 0, 0.4, 0.8, 1.2, 1.2]) {
    awake = 1_000 + later;
    elapsed();
  }
  // One to begin with.
  expect(readings).toBe(3);
});

test('the time elapsed goes on while the time since boot cannot be read, and counts a sleep once it can be', () => {
  const counts = { awake: 1_000, sinceBoot: 50_000, readable: false };
  const elapsed = countElapsed(
    () => counts.awake,
    () => {
      if (!counts.readable) throw new Error('EMFILE: too many open files');
      return counts.sinceBoot;
    },
  );
  const pass = (awake: number, asleep = 0): number => {
    counts.awake += awake;
    counts.sinceBoot += awake + asleep;
    return elapsed();
  };
  expect(pass(500)).toBe(1_500);
  counts.readable = true;
  expect(pass(500)).toBe(2_000);
  counts.readable = false;
  expect(pass(500, 3_600_000)).toBe(2_500);
  counts.readable = true;
  expect(pass(500)).toBe(3_603_000);
});

test.each([-TWO_HOURS, TWO_HOURS])('the time elapsed does not move with a clock that is set by %i s', (step) => {
  const before = systemClock.elapsed();
  const real = Date.now.bind(Date);
  jest.spyOn(Date, 'now').mockImplementation(() => real() + step * 1_000);
  const passed = systemClock.elapsed() - before;
  jest.restoreAllMocks();
  expect(passed).toBeGreaterThanOrEqual(0);
  expect(passed).toBeLessThan(60_000);
});

test.each([-TWO_HOURS, TWO_HOURS])('a wait for a change takes as long as was asked (set by %i s)', async (step) => {
  const clock = new MovedClock();
  const waiters = new Waiters<string>();
  let readings = 0;
  const read = async (): Promise<number> => (readings += 1);
  const began = performance.now();
  const waiting = waiters.until('it', read, () => false, 300, clock);
  clock.forward(step);
  waiters.changed('it');
  expect(await waiting).toBe(3);
  expect(performance.now() - began).toBeGreaterThanOrEqual(290);
});

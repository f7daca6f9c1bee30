/** Durations while the clock of the machine is set. */
import { expect, jest, test } from '@jest/globals';
import { forwardClock, steadyClock } from '../../../bridge/src/ops/clock.ts';
import { Waiters } from '../../../bridge/src/ops/waiters.ts';
import { MovedClock } from '../outbox/moved-clock.ts';

jest.setTimeout(30_000);
const TWO_HOURS = 7_200;

test('a steady clock does not move with the one that is set', () => {
  const clock = new MovedClock();
  const steady = steadyClock(clock);
  for (const step of [-TWO_HOURS, 2 * TWO_HOURS]) {
    const before = steady.now();
    clock.forward(step);
    const passed = steady.now() - before;
    expect(passed).toBeGreaterThanOrEqual(0);
    expect(passed).toBeLessThan(60_000);
  }
});

test('a steady clock shows whole milliseconds', () => {
  const steady = steadyClock(new MovedClock());
  const shown = Array.from({ length: 1_000 }, () => steady.now());
  expect(shown.filter((time) => !Number.isInteger(time))).toEqual([]);
});

test('a forward clock stands still where the other is set back, and goes on from there', () => {
  let shown = 1_000;
  const forward = forwardClock({ now: () => shown, sleep: () => Promise.resolve() });
  const at = (time: number): number => {
    shown = time;
    return forward.now();
  };
  expect([1_000, 1_500, 100, 400, 300, 350, 9_000].map(at)).toEqual([1_000, 1_500, 1_500, 1_800, 1_800, 1_850, 10_500]);
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

import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Faults } from '../../../../bridge/src/engine/sandbox/faults.ts';

const applied = (faults: Faults, times: number): number =>
  Array.from({ length: times }, () => faults.applyFault('answerLost')).filter((spec) => spec !== null).length;

test('a fault that says nothing strikes once, a counted one as often as it says', () => {
  expect(applied(new Faults({ answerLost: {} }), 5)).toBe(1);
  expect(applied(new Faults({ answerLost: { count: 3 } }), 5)).toBe(3);
  expect(applied(new Faults({ answerLost: { count: 0 } }), 5)).toBe(0);
  expect(applied(new Faults({ sendHangs: {} }), 5)).toBe(0);
});

test('the plan tells what is left, so that a restart goes on from there', () => {
  const faults = new Faults({ answerLost: { count: 3, delayMs: 7 }, sendHangs: {} });
  applied(faults, 2);
  expect(faults.plan).toEqual({ answerLost: { count: 1, delayMs: 7 }, sendHangs: {} });
  expect(applied(new Faults(faults.plan), 5)).toBe(1);
});

test('probability decides each time and never strikes more often than the count', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 50 }),
      fc.integer({ min: 0, max: 10 }),
      (chances, count) => {
        const source = [...chances];
        const free = new Faults({ answerLost: { probability: 0.5 } }, () => source.shift() ?? 1);
        expect(applied(free, chances.length)).toBe(chances.filter((chance) => chance < 0.5).length);
        const again = [...chances];
        const capped = new Faults({ answerLost: { probability: 0.5, count } }, () => again.shift() ?? 1);
        expect(applied(capped, chances.length)).toBeLessThanOrEqual(count);
      },
    ),
  );
});

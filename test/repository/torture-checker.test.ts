/** The judge of `npm run torture`: it has nothing to say against a run that kept the promises, and finds what breaks one. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { check, tallyOf } from '../torture/checker.ts';
import { entriesOf, type Entry } from '../torture/history.ts';
import { PLANTED, replace } from '../torture/planted-faults.ts';
import { DELIVERY_COURSES, sampleHistory, SEND_COURSES, type SampleStep } from '../torture/sample-histories.ts';

const steps = fc.array(
  fc.record<SampleStep>({
    chat: fc.integer({ min: 0, max: 2 }),
    act: fc.constantFrom(...SEND_COURSES, 'accepted' as const, 'someone writes' as const, 'someone writes' as const),
    hasFile: fc.boolean(),
    delivery: fc.constantFrom(...DELIVERY_COURSES),
  }),
  { maxLength: 40 },
);
/** What is certain to have something for every fault that a test plants. */
const START: readonly SampleStep[] = ([0, 1] as const).flatMap((chat) =>
  (['accepted', 'someone writes', 'accepted', 'someone writes', 'refused, since it reuses a key'] as const).map(
    (act) => ({ chat, act, hasFile: chat === 0, delivery: 'acked' as const }),
  ),
);

test('a run that kept the promises has no findings', () => {
  fc.assert(
    fc.property(steps, (script) => {
      expect(check(sampleHistory(script))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

describe('finds a planted fault in any history', () => {
  test.each(PLANTED)('$fault', ({ rule, plant }) => {
    fc.assert(
      fc.property(steps, fc.nat(10_000), (more, pick) => {
        const found = check(plant(sampleHistory([...START, ...more]), pick));
        expect(found.map((finding) => finding.rule)).toContain(rule);
      }),
      { numRuns: 60 },
    );
  });
});

test('of a run that was stopped before its outcome was looked at, only that is said', () => {
  const outcome = ['arrived', 'settled', 'logged', 'finished'];
  const history = sampleHistory(START).filter(({ kind }) => !outcome.includes(kind));
  expect(check([...history, { kind: 'unfinished', reason: 'stopped' }])).toEqual([
    { rule: 'unfinished run', what: 'the run did not come to rest: stopped' },
  ]);
});

test('a double is allowed where the bridge declared a doubt', () => {
  const step = { chat: 0, hasFile: false, delivery: 'acked' } as const;
  const history = sampleHistory([{ ...step, act: 'in doubt, and sent' }]);
  const [arrived] = entriesOf(history, 'arrived');
  expect(check(replace(history, arrived!, arrived!, { ...arrived!, messageId: 'another' }))).toEqual([]);
});

test('the figures of a run', () => {
  const history: Entry[] = [
    ...sampleHistory([
      ...START,
      { chat: 2, act: 'in doubt, and never sent', hasFile: false, delivery: 'refused first' },
    ]),
    { kind: 'fault', fault: 'kill bridge', atMs: 1, unanswered: 0, onTheWay: 1, unread: 0 },
    { kind: 'fault', fault: 'kill bridge', atMs: 2, unanswered: 0, onTheWay: 0, unread: 3 },
  ];
  expect(tallyOf(history)).toEqual({
    ...{ kills: 2, killsByKind: { 'kill bridge': 2 }, killsOnSends: 1, killsOnEvents: 1 },
    ...{ sends: 7, accepted: 5, arrived: 4, inDoubt: 1, said: 4, events: 9, deliveries: 14, again: 1 },
  });
});

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  HEALING_LIMITS,
  nextRemedy,
  REMEDIES,
  type FaultKind,
  type HealingRecord,
} from '../../../../../bridge/src/engine/webjs/health/healing.ts';

const LIMITS = { ...HEALING_LIMITS, proofMs: { refresh: 10_000, reload: 60_000, new_page: 90_000 } };
const FRESH: HealingRecord = { last: null, browsers: [] };
const fault = fc.constantFrom<FaultKind>('no_events', 'some_events_missing', 'half_open', 'hung', 'stuck');
/** Complaints with the time that passes before each, in milliseconds. */
const diagnoses = fc.array(fc.tuple(fault, fc.integer({ min: 0, max: 600_000 })), { maxLength: 60 });

/** Complains again and again, and tells what was done and when. */
function course(sequence: readonly (readonly [FaultKind, number])[]) {
  let record = FRESH;
  let now = 1_000_000;
  return sequence.map(([of, pause]) => {
    now += pause;
    const before = record;
    const at = now;
    const next = nextRemedy(before, of, now, LIMITS);
    record = next.record;
    if (next.decision.do === 'stop') now += LIMITS.pauseMs;
    return { of, now: at, before, decision: next.decision, after: next.record };
  });
}

describe('healing: properties', () => {
  test('each stage has its time before the next', () => {
    fc.assert(
      fc.property(diagnoses, (sequence) => {
        for (const { now, before, decision } of course(sequence)) {
          if (decision.do === 'wait') expect(decision.until).toBeGreaterThan(now);
          else if (before.last && before.last.remedy !== 'new_browser')
            expect(now - before.last.at).toBeGreaterThanOrEqual(LIMITS.proofMs[before.last.remedy]);
        }
      }),
    );
  });

  test('a stage of no avail is not tried again in the same browser as long as it is remembered', () => {
    fc.assert(
      fc.property(diagnoses, (sequence) => {
        for (const { now, before, decision } of course(sequence)) {
          if (decision.do === 'wait' || decision.do === 'tolerate' || decision.do === 'stop' || !before.last) continue;
          if (now - before.last.at < LIMITS.forgetMs)
            expect(REMEDIES.indexOf(decision.do)).toBeGreaterThan(REMEDIES.indexOf(before.last.remedy));
        }
      }),
    );
  });

  test('a page that does not answer is neither refreshed nor reloaded', () => {
    fc.assert(
      fc.property(diagnoses, (sequence) => {
        for (const { of, decision } of course(sequence)) {
          if (of === 'hung' || of === 'stuck') expect(['refresh', 'reload']).not.toContain(decision.do);
        }
      }),
    );
  });

  test('never more new browsers in a while than allowed, and it stops only once they are used up', () => {
    fc.assert(
      fc.property(diagnoses, (sequence) => {
        const made: number[] = [];
        for (const { now, decision } of course(sequence)) {
          const recent = made.filter((at) => now - at < LIMITS.withinMs);
          if (decision.do === 'new_browser') {
            expect(recent.length).toBeLessThan(LIMITS.newBrowsers);
            made.push(now);
          }
          if (decision.do === 'stop') expect(recent).toHaveLength(LIMITS.newBrowsers);
        }
      }),
    );
  });

  test('messages that are not announced never cost a session that hears its renderer or its browser', () => {
    fc.assert(
      fc.property(diagnoses, (sequence) => {
        for (const { of, decision } of course(sequence))
          if (of === 'some_events_missing') expect(['wait', 'refresh', 'reload', 'tolerate']).toContain(decision.do);
      }),
    );
  });

  test('what is borne is not treated again as long as it goes on', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: LIMITS.forgetMs - 1 }), (every) => {
        const done = course(Array.from({ length: 500 }, () => ['some_events_missing', every] as const));
        expect(done.map(({ decision }) => decision.do).filter((each) => each === 'reload')).toHaveLength(1);
        expect(done.at(-1)!.after.browsers).toEqual([]);
      }),
    );
  });

  test('what never heals comes to a stop, and soon', () => {
    const all = fc.constantFrom<FaultKind>('no_events', 'half_open', 'hung', 'stuck');
    fc.assert(
      fc.property(all, fc.integer({ min: 1_000, max: 30_000 }), (of, every) => {
        const steps = course(Array.from({ length: 2_000 }, () => [of, every] as const));
        const stop = steps.find(({ decision }) => decision.do === 'stop');
        expect(stop).toBeDefined();
        expect(stop!.now - 1_000_000).toBeLessThan(LIMITS.withinMs);
      }),
    );
  });
});

describe('healing: the ways that matter', () => {
  const MINUTE = 60_000;

  test('a deaf session: refresh, reload, new page, new browser', () => {
    const done = course(Array.from({ length: 4 }, () => ['no_events', 2 * MINUTE] as const));
    expect(done.map(({ decision }) => decision.do)).toEqual(REMEDIES);
  });

  test('a new browser begins with the first stage, and remembers the browsers before it', () => {
    const { record } = nextRemedy(
      { last: { remedy: 'new_page', at: 0 }, browsers: [] },
      'no_events',
      5 * MINUTE,
      LIMITS,
    );
    expect(record).toEqual({ last: null, browsers: [5 * MINUTE] });
    expect(nextRemedy(record, 'no_events', 7 * MINUTE, LIMITS).decision).toEqual({ do: 'refresh' });
  });

  test('an ailment that returns after a long time begins with the first stage', () => {
    const record: HealingRecord = { last: { remedy: 'reload', at: 0 }, browsers: [] };
    expect(nextRemedy(record, 'no_events', 10 * MINUTE, LIMITS).decision).toEqual({ do: 'new_page' });
    expect(nextRemedy(record, 'no_events', 31 * MINUTE, LIMITS).decision).toEqual({ do: 'refresh' });
  });

  test('started after it was given up, it has all its browsers again', () => {
    const browsers = Array.from({ length: LIMITS.newBrowsers }, (_, index) => index * MINUTE);
    const last = { remedy: 'new_page', at: 8 * MINUTE } as const;
    const given = nextRemedy({ last, browsers }, 'no_events', 10 * MINUTE, LIMITS);
    expect(given).toEqual({ decision: { do: 'stop' }, record: { last: null, browsers: [] } });
  });

  test('after the pause there are new browsers again', () => {
    const browsers = Array.from({ length: LIMITS.newBrowsers }, (_, index) => index * MINUTE);
    const record: HealingRecord = { last: { remedy: 'new_page', at: 0 }, browsers };
    expect(nextRemedy(record, 'no_events', 10 * MINUTE, LIMITS).decision).toEqual({ do: 'stop' });
    const later = nextRemedy(
      { ...record, last: { remedy: 'new_page', at: 65 * MINUTE } },
      'no_events',
      70 * MINUTE,
      LIMITS,
    );
    expect(later.decision).toEqual({ do: 'new_browser' });
  });
});

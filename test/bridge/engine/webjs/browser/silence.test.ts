import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { judgeSilence, type CpuSample } from '../../../../../bridge/src/engine/webjs/browser/silence.ts';

const LIMITS = { pageSilent: 10_000, hungAfter: 45_000, busyAtMost: 600_000 };

/** Samples every 5 s from 0 to `until`, with the processor share of each interval. */
function samples(until: number, share: (at: number) => number): CpuSample[] {
  let cpuSeconds = 3;
  const read: CpuSample[] = [{ at: 0, cpuSeconds }];
  for (let at = 5_000; at <= until; at += 5_000) {
    cpuSeconds += share(at) * 5;
    read.push({ at, cpuSeconds });
  }
  return read;
}
const judge = (now: number, share: (at: number) => number, since: number | null = 0) =>
  judgeSilence(since, samples(now, share), now, LIMITS);

describe('a page that does not answer', () => {
  test('answers as long as nothing is owed, or not for long', () => {
    expect(judge(300_000, () => 0, null)).toBe('answers');
    expect(judge(9_000, () => 0)).toBe('answers');
  });

  test('that computes is busy for as long as it does, up to the limit', () => {
    for (const now of [15_000, 120_000, 595_000]) expect(judge(now, () => 0.9)).toBe('busy');
    expect(judge(600_000, () => 0.9)).toBe('stuck');
  });

  test('that gets a small share of a busy machine is busy too', () => {
    expect(judge(120_000, () => 0.03)).toBe('busy');
  });

  test('that does nothing hangs after a while', () => {
    expect(judge(40_000, () => 0.002)).toBe('silent');
    expect(judge(45_000, () => 0.002)).toBe('hung');
  });

  test('that stops computing hangs only a while after that', () => {
    const share = (at: number): number => (at <= 100_000 ? 1 : 0);
    expect(judge(140_000, share)).toBe('busy');
    expect(judge(145_000, share)).toBe('hung');
  });

  test('whose processor time is unknown counts as busy, so that it is not killed for it', () => {
    expect(judgeSilence(0, [], 300_000, LIMITS)).toBe('busy');
    expect(judgeSilence(0, [], 600_000, LIMITS)).toBe('stuck');
  });

  test('whose renderer was replaced did something', () => {
    const read = [
      { at: 0, cpuSeconds: 100 },
      { at: 50_000, cpuSeconds: 100 },
      { at: 55_000, cpuSeconds: 1 },
    ];
    expect(judgeSilence(0, read, 60_000, LIMITS)).toBe('busy');
  });

  test('is never called hung that has computed within the time, nor anything but stuck after the limit', () => {
    const shares = fc.array(fc.constantFrom(0, 0.001, 0.05, 1), { minLength: 1, maxLength: 130 });
    fc.assert(
      fc.property(shares, (each) => {
        const now = each.length * 5_000;
        const verdict = judge(now, (at) => each[at / 5_000 - 1] ?? 0);
        const computed = each.slice(-9).some((share) => share >= 0.05);
        if (computed) expect(verdict).not.toBe('hung');
        if (now >= LIMITS.busyAtMost) expect(verdict).toBe('stuck');
        else if (now >= LIMITS.hungAfter && !each.some((share) => share >= 0.05)) expect(verdict).toBe('hung');
      }),
    );
  });
});

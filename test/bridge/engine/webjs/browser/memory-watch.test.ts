import { beforeEach, describe, expect, test } from '@jest/globals';
import {
  memoryCheck,
  MemoryWatch,
  size,
  type MemoryLimits,
} from '../../../../../bridge/src/engine/webjs/browser/memory-watch.ts';
import { ManualClock, silent } from '../../../sessions/fake-engine.ts';

const MIB = 1024 ** 2;
const LIMITS: MemoryLimits = { ceilingBytes: 1024 * MIB, everyMs: 30_000, looks: 2, notAgainMs: 600_000 };

let clock: ManualClock;
let uses: number | null;
let settled: boolean;
let renewals: string[];
let told: (number | null)[];
let life: AbortController;
beforeEach(() => {
  clock = new ManualClock();
  uses = 300 * MIB;
  settled = true;
  renewals = [];
  told = [];
  life = new AbortController();
});

const watchWith = (limits: Partial<MemoryLimits> = {}): MemoryWatch =>
  new MemoryWatch({
    pid: () => 4711,
    settled: () => settled,
    renew: (reason) => renewals.push(reason),
    measured: (bytes) => told.push(bytes),
    limits: { ...LIMITS, ...limits },
    clock,
    log: silent,
    measure: async (pid) => (pid === 4711 ? uses : null),
  });

describe('the ceiling', () => {
  test('a session below it is only measured', async () => {
    const watch = watchWith();
    const kept = watch.run(life.signal);
    for (let look = 0; look < 3; look++) await clock.pass(30_000);
    expect(told).toEqual([300 * MIB, 300 * MIB, 300 * MIB]);
    expect(watch.lastBytes).toBe(300 * MIB);
    expect(renewals).toEqual([]);
    life.abort();
    await kept;
    expect(told.at(-1)).toBeNull();
    expect(watch.lastBytes).toBeNull();
  });

  test('above it the browser is exchanged at the second look, which comes soon, and the reason says how much', async () => {
    void watchWith().run(life.signal);
    uses = 1639 * MIB;
    await clock.pass(30_000);
    expect(renewals).toEqual([]);
    await clock.pass(5_000);
    expect(renewals).toEqual(['its browser used 1.6 GiB, more than the limit of 1.0 GiB, and is being restarted']);
  });

  test('a moment above it is nothing', async () => {
    void watchWith().run(life.signal);
    uses = 1100 * MIB;
    await clock.pass(30_000);
    uses = 300 * MIB;
    await clock.pass(5_000);
    uses = 1100 * MIB;
    await clock.pass(30_000);
    expect(renewals).toEqual([]);
  });

  test('what cannot be interrupted now is exchanged once it can', async () => {
    void watchWith().run(life.signal);
    uses = 1100 * MIB;
    settled = false;
    for (let look = 0; look < 5; look++) await clock.pass(30_000);
    expect(renewals).toEqual([]);
    settled = true;
    await clock.pass(5_000);
    expect(renewals).toHaveLength(1);
  });

  test('a ceiling that is too low does not restart the session without end', async () => {
    const watch = watchWith();
    uses = 1100 * MIB;
    void watch.run(life.signal);
    await clock.pass(30_000);
    await clock.pass(5_000);
    life.abort();
    // The next browser's life.
    void watch.run(new AbortController().signal);
    for (let passed = 0; passed < 560_000; passed += 40_000) await clock.pass(40_000);
    expect(renewals).toHaveLength(1);
    await clock.pass(40_000);
    await clock.pass(40_000);
    expect(renewals).toHaveLength(2);
  });

  test('0 is none, and what cannot be measured is left alone', async () => {
    void watchWith({ ceilingBytes: 0 }).run(life.signal);
    uses = 9_000 * MIB;
    for (let look = 0; look < 3; look++) await clock.pass(30_000);
    uses = null;
    await clock.pass(30_000);
    expect(renewals).toEqual([]);
    expect(told).toHaveLength(3);
  });
});

test('the health check names figure and ceiling', () => {
  const check = (lastBytes: number | null, ceilingBytes = 1024 * MIB) => memoryCheck({ lastBytes, ceilingBytes });
  expect(check(null)).toMatchObject({ name: 'memory', state: 'unknown' });
  expect(check(180 * MIB)).toMatchObject({ state: 'ok', detail: expect.stringMatching(/180 MiB.*1\.0 GiB/) });
  expect(check(180 * MIB, 0)).toMatchObject({ state: 'ok', detail: expect.stringContaining('no limit') });
  expect(check(1100 * MIB)).toMatchObject({ state: 'failed', detail: expect.stringContaining('more than the limit') });
  expect(size(640.4 * MIB)).toBe('640 MiB');
});

test.each([-7_200_000, 7_200_000])(
  'a clock that is set by %i ms changes nothing about when it is exchanged',
  async (by) => {
    void watchWith().run(life.signal);
    uses = 1100 * MIB;
    await clock.pass(30_000);
    await clock.pass(5_000);
    expect(renewals).toHaveLength(1);
    clock.set(by);
    for (let passed = 0; passed < LIMITS.notAgainMs - 30_000; passed += 30_000) await clock.pass(30_000);
    expect(renewals).toHaveLength(1);
    await clock.pass(30_000);
    await clock.pass(30_000);
    expect(renewals).toHaveLength(2);
  },
);

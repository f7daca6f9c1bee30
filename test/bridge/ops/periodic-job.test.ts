/** Runs that come regularly: when, one at a time, whatever becomes of them, and how they end. */
import { beforeEach, expect, test } from '@jest/globals';
import { DeadlineError } from '../../../bridge/src/ops/deadline.ts';
import { PeriodicJob, type PeriodicJobOptions } from '../../../bridge/src/ops/periodic-job.ts';
import { ManualClock, settle } from '../sessions/fake-engine.ts';

const EVERY = 1_000;

let clock: ManualClock;
/** When runs began, in milliseconds since the test did. */
let runs: number[];
let failures: unknown[];
let born: number;

beforeEach(() => {
  clock = new ManualClock();
  born = clock.elapsed();
  runs = [];
  failures = [];
});

function jobOf({ run, ...rest }: Partial<PeriodicJobOptions> = {}): PeriodicJob {
  return new PeriodicJob({
    every: EVERY,
    failed: (error) => failures.push(error),
    clock,
    ...rest,
    run: (stopped) => {
      runs.push(clock.elapsed() - born);
      return run?.(stopped);
    },
  });
}

/** A run that lasts until the test ends it. */
function held(): { readonly run: () => Promise<void>; readonly end: () => void } {
  let end: () => void = () => undefined;
  return { run: () => new Promise((resolve) => (end = resolve)), end: () => end() };
}

async function pass(times: number): Promise<void> {
  for (let each = 0; each < times; each += 1) await clock.pass(EVERY);
}

test('runs after each pause, and at the start if asked for', async () => {
  const later = jobOf();
  later.start();
  await pass(3);
  expect(runs).toEqual([EVERY, 2 * EVERY, 3 * EVERY]);
  await later.stop();
  const atOnce = jobOf({ runsAtStart: true });
  atOnce.start();
  await pass(1);
  expect(runs.slice(3)).toEqual([3 * EVERY, 4 * EVERY]);
  await atOnce.stop();
});

test('a wake-up that no run has answered is forgotten with the end', async () => {
  const { run, end } = held();
  const job = jobOf({ run });
  job.start();
  await pass(1);
  job.wake();
  const stopped = job.stop();
  end();
  await stopped;
  job.start();
  await settle();
  expect(runs).toEqual([EVERY]);
  job.end();
});

test('is started once, however often it is asked to', async () => {
  const job = jobOf();
  job.start();
  job.start();
  await pass(2);
  expect(runs).toEqual([EVERY, 2 * EVERY]);
  await job.stop();
});

test('asks before each pause how long it is', async () => {
  const pauses = [10, 300];
  const job = jobOf({ every: () => pauses.shift() ?? Infinity });
  job.start();
  for (const ms of [10, 299, 1, 100_000]) await clock.pass(ms);
  expect(runs).toEqual([10, 310]);
  await job.stop();
});

test('a run that outlasts the interval is not overtaken', async () => {
  const long = held();
  const job = jobOf({ run: long.run });
  job.start();
  await pass(5);
  expect(runs).toEqual([EVERY]);
  long.end();
  await pass(1);
  expect(runs).toEqual([EVERY, 6 * EVERY]);
  long.end();
  await job.stop();
});

test('a run that fails is told of and does not end the job', async () => {
  const error = new Error('no luck');
  const job = jobOf({
    run: () => {
      if (runs.length === 1) throw error;
      return runs.length === 2 ? Promise.reject(error) : Promise.resolve();
    },
  });
  job.start();
  await pass(4);
  expect(runs).toHaveLength(4);
  expect(failures).toEqual([error, error]);
  await job.stop();
});

test('a wake-up cuts the pause, and during a run leads to one more', async () => {
  const long = held();
  const job = jobOf({ run: long.run });
  job.start();
  await settle();
  job.wake();
  await settle();
  expect(runs).toEqual([0]);
  job.wake();
  job.wake();
  await settle();
  expect(runs).toEqual([0]);
  long.end();
  await settle();
  expect(runs).toEqual([0, 0]);
  long.end();
  await pass(1);
  expect(runs).toEqual([0, 0, EVERY]);
  long.end();
  await job.stop();
});

test('a stop waits for the run under way, which learns of it, and nothing runs afterwards', async () => {
  const long = held();
  let signal: AbortSignal | undefined;
  const job = jobOf({
    run: (stopped) => {
      signal = stopped;
      return long.run();
    },
  });
  job.start();
  await pass(1);
  let stopped = false;
  const stopping = job.stop().then(() => (stopped = true));
  await settle();
  expect([signal?.aborted, stopped]).toEqual([true, false]);
  long.end();
  await stopping;
  await pass(3);
  expect(runs).toEqual([EVERY]);
  expect(failures).toEqual([]);
});

test('a stop does not wait for ever', async () => {
  const job = jobOf({ run: () => new Promise<never>(() => undefined) });
  job.start();
  await pass(1);
  const stopping = job.stop(500);
  await clock.pass(500);
  await stopping;
  expect(failures).toEqual([expect.any(DeadlineError)]);
});

test('what a run throws because it is told to end is not a failure', async () => {
  const job = jobOf({ run: (stopped) => clock.sleep(EVERY, stopped) });
  job.start();
  await pass(1);
  await job.stop();
  expect(failures).toEqual([]);
});

test('can be started again, after the last run of the time before', async () => {
  const long = held();
  const job = jobOf({ run: long.run, runsAtStart: true });
  job.start();
  await settle();
  job.end();
  job.start();
  await settle();
  expect(runs).toEqual([0]);
  long.end();
  await settle();
  expect(runs).toEqual([0, 0]);
  long.end();
  await job.stop();
});

test('runs until a signal comes, or until a run ends it', async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const bySignal = jobOf();
  void bySignal.runUntil(stop.signal).then(() => ended.push('signal'));
  const itself: PeriodicJob = jobOf({ run: () => itself.end() });
  void itself.runUntil(stop.signal).then(() => ended.push('itself'));
  await pass(2);
  expect(ended).toEqual(['itself']);
  expect(runs).toEqual([EVERY, EVERY, 2 * EVERY]);
  stop.abort();
  await settle();
  expect(ended).toEqual(['itself', 'signal']);
  await jobOf({ runsAtStart: true }).runUntil(stop.signal);
  expect(runs).toHaveLength(3);
});

import { describe, expect, test } from '@jest/globals';
import { Retention, type RetainedLog } from '../../../bridge/src/events/retention.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';

const DAY = 86_400_000;

/** A log of `days` ages, as far as retention sees it. */
function logOf(recordedAt: number[]) {
  const calls: string[] = [];
  let events = recordedAt.map((time, index) => ({ seq: index + 1, time, expired: false }));
  let keys = events.map(({ time }) => time);
  const log: RetainedLog = {
    removeBefore: (before, limit) => {
      calls.push('remove');
      const gone = events.filter(({ time }) => time < before).slice(0, limit);
      events = events.filter((event) => !gone.includes(event));
      return Promise.resolve(gone.length);
    },
    expireBefore: (before, after, limit) => {
      calls.push(`expire after ${after}`);
      const due = events.filter(({ seq, time }) => seq > after && time < before).slice(0, limit);
      for (const event of due) event.expired = true;
      return Promise.resolve(due.at(-1)?.seq ?? null);
    },
    pruneDedupe: (limit) => {
      calls.push('prune');
      const gone = Math.min(limit, keys.length - events.length);
      keys = keys.slice(gone);
      return Promise.resolve(gone);
    },
  };
  return { log, calls, left: () => events.map(({ seq, expired }) => `${seq}${expired ? ' expired' : ''}`) };
}

function setUp(recordedAt: number[], settings: { eventsMs: number; payloadsMs?: number }) {
  const state = { now: 100 * DAY, sleeps: [] as number[], warnings: [] as string[] };
  let slept = (): void => undefined;
  const clock = {
    ...systemClock,
    now: () => state.now,
    sleep: (ms: number, signal?: AbortSignal) => {
      state.sleeps.push(ms);
      slept();
      if (ms < 1_000) return Promise.resolve();
      return new Promise<void>((_, reject) => {
        if (signal?.aborted) reject(new Error('aborted'));
        signal?.addEventListener('abort', () => reject(new Error('aborted')));
      });
    },
  };
  const subject = logOf(recordedAt);
  const retention = new Retention({
    log: subject.log,
    clock,
    logger: { warn: (_fields, message) => state.warnings.push(message) },
    ...settings,
  });
  const nextSleep = (): Promise<void> => new Promise((resolve) => (slept = resolve));
  return { state, retention, nextSleep, ...subject };
}

describe('Retention', () => {
  test('removes what is older than its age, and the keys after it', async () => {
    const { retention, left } = setUp(
      [1, 50, 95, 99].map((day) => day * DAY),
      { eventsMs: 30 * DAY },
    );
    expect(await retention.run()).toEqual({ removed: 2, pruned: 2 });
    expect(left()).toEqual(['3', '4']);
  });

  test('withholds payloads first, where they are kept shorter, and never looks at them again', async () => {
    const { retention, left, calls } = setUp(
      [50, 80, 85, 99].map((day) => day * DAY),
      { eventsMs: 30 * DAY, payloadsMs: 5 * DAY },
    );
    await retention.run();
    expect(left()).toEqual(['2 expired', '3 expired', '4']);
    calls.length = 0;
    await retention.run();
    expect(calls).toEqual(['remove', 'expire after 3', 'prune']);
  });

  test('works in batches with pauses, so that appends come in between', async () => {
    const { retention, left, state } = setUp(
      Array.from({ length: 1_200 }, () => DAY),
      { eventsMs: 30 * DAY },
    );
    expect(await retention.run()).toEqual({ removed: 1_200, pruned: 1_200 });
    expect(left()).toEqual([]);
    expect(state.sleeps.length).toBe(4);
  });

  test('runs at the start and again and again, survives a failure, and stops at once', async () => {
    const { retention, log, state, nextSleep, left } = setUp([DAY], { eventsMs: 30 * DAY });
    const removeBefore = log.removeBefore.bind(log);
    log.removeBefore = () => Promise.reject(new Error('locked'));
    const slept = nextSleep();
    retention.start();
    retention.start();
    await slept;
    expect(state.warnings).toHaveLength(1);
    await retention.stop();
    expect(state.sleeps).toEqual([3_600_000]);
    log.removeBefore = removeBefore;
    const again = nextSleep();
    retention.start();
    await again;
    await retention.stop();
    expect(left()).toEqual([]);
  });
});

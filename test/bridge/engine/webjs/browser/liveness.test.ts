/** Whether browser and page live, with vital signs that a test gives. */
import { describe, expect, test } from '@jest/globals';
import { DEADLINES } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import { Liveness } from '../../../../../bridge/src/engine/webjs/browser/liveness.ts';
import { ManualClock, silent } from '../../../sessions/fake-engine.ts';

function make(deadlines: Partial<typeof DEADLINES> = {}) {
  const clock = new ManualClock();
  const dead: string[] = [];
  const session = {
    version: (): Promise<string> => Promise.resolve('Chrome/1'),
    /** Share of a processor that the renderers use. */
    share: 0,
    used: 10 as number,
    answers: true,
    pings: [] as (() => void)[],
    refuse: false,
  };
  const liveness = new Liveness(
    {
      browserVersion: () => session.version(),
      rendererSeconds: () => Promise.resolve(session.used),
      ping: () => {
        if (session.refuse) return Promise.reject(new Error('the page is changing'));
        return session.answers ? Promise.resolve() : new Promise((resolve) => session.pings.push(resolve));
      },
    },
    { ...DEADLINES, ...deadlines },
    clock,
    (reason) => dead.push(reason),
    silent,
  );
  const stopped = new AbortController();
  const kept = liveness.run(stopped.signal);
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      session.used += session.share * 5;
      await clock.pass(5_000);
    }
  };
  return { clock, dead, session, liveness, pass, stopped, kept };
}

describe('liveness', () => {
  test('a page and a browser that answer', async () => {
    const { liveness, pass } = make();
    expect(liveness.view).toMatchObject({ browser: 'unknown', version: null, page: 'answers' });
    await pass(60_000);
    expect(liveness.view).toEqual({ browser: 'answers', version: 'Chrome/1', page: 'answers', silentMs: 0 });
  });

  test('a busy page is asked one thing at a time, and is well once it answers', async () => {
    const { liveness, pass, session } = make();
    Object.assign(session, { answers: false, share: 0.9 });
    await pass(120_000);
    expect(liveness.view.page).toBe('busy');
    expect(liveness.view.silentMs).toBeGreaterThanOrEqual(110_000);
    expect(session.pings).toHaveLength(1);
    session.answers = true;
    session.pings[0]?.();
    await pass(5_000);
    expect(liveness.view).toMatchObject({ page: 'answers', silentMs: 0 });
  });

  test('a page that does nothing hangs; reloaded it begins with a clean slate, and a late answer changes nothing', async () => {
    const { liveness, pass, session } = make();
    session.answers = false;
    await pass(60_000);
    expect(liveness.view.page).toBe('hung');
    liveness.reset();
    expect(liveness.view.page).toBe('answers');
    await pass(60_000);
    session.pings[0]?.();
    await pass(5_000);
    expect(liveness.view.page).toBe('hung');
  });

  test('a page whose questions fail at once owes an answer too', async () => {
    const { liveness, pass, session } = make();
    session.refuse = true;
    await pass(60_000);
    expect(liveness.view.page).toBe('hung');
  });

  test('a machine that slept is no page that hung', async () => {
    const { liveness, pass, session, clock } = make();
    session.answers = false;
    await pass(20_000);
    await clock.pass(3_600_000);
    expect(liveness.view.page).toBe('answers');
  });

  test('a browser that does not answer time and again is dead', async () => {
    const { liveness, pass, session, dead, kept } = make({ browserMisses: 3 });
    await pass(5_000);
    session.version = () => Promise.reject(new Error('no answer'));
    await pass(5_000);
    expect(liveness.view.browser).toBe('silent');
    expect(dead).toEqual([]);
    await pass(15_000);
    expect(dead).toEqual(['the browser is not responding']);
    await kept;
  });

  test('one answer in between and the browser lives', async () => {
    const { pass, session, dead } = make({ browserMisses: 3 });
    for (let round = 0; round < 5; round++) {
      session.version = () => Promise.reject(new Error('no answer'));
      await pass(10_000);
      session.version = () => Promise.resolve('Chrome/1');
      await pass(5_000);
    }
    expect(dead).toEqual([]);
  });

  test('ends with the signal', async () => {
    const { stopped, kept, pass } = make();
    await pass(5_000);
    stopped.abort();
    await kept;
  });
});

test.each([-7_200_000, 7_200_000])('a page hangs when it hangs, though the clock is set by %i ms', async (by) => {
  const { liveness, pass, session, clock } = make();
  session.answers = false;
  await pass(20_000);
  const before = liveness.view;
  clock.set(by);
  expect(liveness.view).toEqual(before);
  await pass(20_000);
  expect(liveness.view.page).not.toBe('hung');
  await pass(20_000);
  expect(liveness.view.page).toBe('hung');
  expect(liveness.view.silentMs).toBeLessThanOrEqual(60_000);
});

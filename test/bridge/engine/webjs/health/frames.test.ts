/** A page that leaves what arrives unanswered, and a clock that is set. */
import { describe, expect, test } from '@jest/globals';
import { MINUTE, ANSWERS, make, SHORT_DEADLINES } from './health-harness.ts';

describe('health of a session whose page does not work off what arrives', () => {
  test('frames without an answer open another connection soon, without alarm, and once in half an hour at most', async () => {
    const { session, pass, reported } = make();
    await pass(MINUTE);
    session.leavesUnanswered = true;
    await pass(25 * MINUTE);
    expect(session.measures).toEqual(['reconnect']);
    expect(reported()).toEqual(['recovered']);
    await pass(10 * MINUTE);
    expect(session.measures).toEqual(['reconnect', 'reconnect']);
    session.onMeasure = () => (session.isReady = false);
    await pass(31 * MINUTE, () => (session.isReady ||= session.measures.includes('reload')));
    expect(session.measures).toEqual(['reconnect', 'reconnect', 'reconnect', 'reload']);
    expect(reported().some((each) => each.includes('did not answer'))).toBe(true);
  }, 60_000);

  test('a page that leaves what is asked of it unanswered while events wait is healed, a busy one is not', async () => {
    const { session, pass, facts, catchUp, reported } = make();
    await pass(MINUTE);
    facts.hold();
    session.liveness = { ...ANSWERS, page: 'busy', silentMs: 20_000 };
    catchUp.unanswered = 4;
    await pass(10_000);
    session.liveness = ANSWERS;
    catchUp.unanswered = 5;
    await pass(10_000);
    expect(session.measures).toEqual([]);
    catchUp.unanswered = 8;
    await pass(10_000);
    expect(session.measures).toEqual(['reattach']);
    expect(reported()).toContainEqual(expect.stringContaining('new events wait until it does'));
  });
});

describe('the clock of the machine is set', () => {
  const TWO_HOURS = 120 * MINUTE;

  test.each([-TWO_HOURS, TWO_HOURS])('a session is examined as often as before (by %i ms)', async (by) => {
    const { session, pass, outcomes, clock, reported } = make();
    await pass(MINUTE);
    const swept = (): number => outcomes.filter((outcome) => outcome === 'missed_messages ok').length;
    const before = swept();
    await pass(5 * MINUTE);
    const usual = swept() - before;
    clock.set(by);
    await pass(5 * MINUTE);
    const then = swept() - before - usual;
    expect(then).toBeGreaterThan(usual / 2);
    expect(then).toBeLessThan(usual * 2);
    // Nobody has been quiet for two hours.
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  });

  test.each([-TWO_HOURS, TWO_HOURS])(
    'each stage of healing is given its time, and no more (by %i ms)',
    async (by) => {
      const { session, pass, clock } = make();
      await pass(MINUTE);
      session.receivesEvents = false;
      const doneAt: number[] = [];
      session.onMeasure = () => {
        doneAt.push(clock.elapsed());
        if (doneAt.length === 1) clock.set(by);
      };
      await pass(6 * MINUTE);
      expect(session.measures.slice(0, 4)).toEqual(['reattach', 'reload', 'freshPage', 'giveUp']);
      const { proveRefresh, proveReload, proveNewPage } = SHORT_DEADLINES;
      for (const [index, proof] of [proveRefresh, proveReload, proveNewPage].entries()) {
        const took = (doneAt[index + 1] as number) - (doneAt[index] as number);
        expect(took).toBeGreaterThanOrEqual(proof);
        expect(took).toBeLessThanOrEqual(proof + MINUTE);
      }
    },
    30_000,
  );
});

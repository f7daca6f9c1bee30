/** What is found out about a session, and which remedies it gets in which order. */
import { describe, expect, test } from '@jest/globals';
import { MINUTE, ANSWERS, make } from './health-harness.ts';

describe('health of a session', () => {
  test('one that is in order is left alone, and vouched for once', async () => {
    const { session, pass, reported, outcomes, clock } = make();
    await pass(10 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
    expect(outcomes).toContain('listeners ok');
    expect(outcomes).toContain('missed_messages ok');
  });

  test('what another part tells ends once the session is found in order', async () => {
    const { health, pass, reported, session, clock } = make();
    await pass(MINUTE);
    health.reportDegraded('2 chats had more missed messages than could be read');
    await pass(MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(reported()).toEqual(['recovered', expect.stringContaining('2 chats'), 'recovered']);
  });

  test('sends that fail are told, and their end is told to a session that is ready only', async () => {
    const { health, session, pass, reported } = make();
    await pass(MINUTE);
    health.reportSending('nothing goes out');
    health.reportSending(null);
    expect(reported()).toEqual(['recovered', 'nothing goes out', 'recovered']);
    health.reportSending('nothing goes out');
    session.isReady = false;
    // What is said to a session that is on its way back is lost.
    health.reportSending(null);
    expect(reported()).toHaveLength(4);
    session.isReady = true;
    await pass(MINUTE);
    expect(reported().at(-1)).toBe('recovered');
    expect(reported()).toHaveLength(5);
  });

  test('events that do not come: each stage in its turn, then a new browser', async () => {
    const { session, pass, reported, history } = make();
    await pass(MINUTE);
    session.receivesEvents = false;
    await pass(5 * MINUTE, () => undefined);
    const until = session.measures.indexOf('giveUp') + 1;
    expect(session.measures.slice(0, until)).toEqual(['reattach', 'reload', 'freshPage', 'giveUp']);
    expect(reported()[1]).toContain('events do not reach the bridge');
    expect(history.browsers.length).toBeGreaterThan(0);
  }, 30_000);

  test('after too many new browsers it stops, with a reason that says what to do', async () => {
    const { session, pass, clock, stopped } = make({
      browsers: Array.from({ length: 5 }, () => Date.parse('2026-01-01T00:00:00Z')),
      lastForUnread: null,
      proven: new Set(['listeners']),
    });
    session.receivesEvents = false;
    session.onMeasure = (measure) => {
      if (measure.startsWith('giveUp')) stopped.abort();
    };
    await pass(5 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures.at(-1)).toMatch(/^giveUp for 60 min: .*even after 5 new browsers.*start the session/);
  }, 30_000);

  test('a probe that never worked proves nothing: a version of WhatsApp Web with which it cannot work is no failure', async () => {
    const { session, pass, reported, outcomes, clock } = make();
    session.receivesEvents = false;
    await pass(2 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(outcomes).toContain('listeners unknown');
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  }, 30_000);

  test('the server is asked only after a long silence, and two questions without an answer are a dead line', async () => {
    const { session, pass, reported, clock } = make();
    await pass(4 * MINUTE);
    // Once at first, so that it is known to work.
    expect(session.asked).toBe(1);
    await pass(3 * MINUTE);
    expect(session.asked).toBe(2);
    session.lineAnswers = false;
    session.onMeasure = (measure) => (session.lineAnswers = measure === 'reload');
    await pass(6 * MINUTE);
    expect(session.measures[0]).toBe('reconnect');
    expect(session.measures).toContain('reload');
    expect(reported().filter((each) => each.includes("WhatsApp's server does not answer"))).toHaveLength(2);
    expect(reported().at(-1)).toBe('recovered');
    expect(clock.elapsed()).toBeGreaterThan(0);
  });

  test('after an hour of silence another connection is opened, without alarm; what does not survive that is healed', async () => {
    const { session, pass, reported } = make();
    await pass(59 * MINUTE);
    expect(session.measures).toEqual([]);
    session.onMeasure = () => (session.isReady = false);
    for (let tries = 0; tries < 40 && session.measures.length === 0; tries++) await pass(5_000);
    expect(session.measures).toEqual(['reconnect']);
    expect(reported()).toEqual(['recovered']);
    await pass(40_000);
    expect(session.measures).toEqual(['reconnect', 'reload']);
    expect(reported().at(-1)).toContain('a long silence');
  }, 30_000);

  test('while WhatsApp Web cannot be reached nothing is healed, since nothing would help', async () => {
    const { session, pass } = make();
    session.onMeasure = () => {
      session.isReady = false;
      session.isAway = true;
    };
    session.lineAnswers = true;
    await pass(MINUTE);
    session.lineAnswers = false;
    for (let tries = 0; tries < 40 && session.measures.length === 0; tries++) await pass(MINUTE / 2);
    await pass(5 * MINUTE);
    expect(session.measures).toEqual(['reconnect']);
    session.isAway = false;
    await pass(MINUTE);
    expect(session.measures).toEqual(['reconnect', 'reload']);
  }, 30_000);

  test('a busy page is told, at growing intervals, and nothing is done to it', async () => {
    const { session, pass, reported } = make();
    await pass(MINUTE);
    let silentMs = 0;
    await pass(3 * MINUTE, () => {
      silentMs += 5_000;
      session.liveness = { ...ANSWERS, page: 'busy', silentMs };
    });
    session.liveness = ANSWERS;
    await pass(MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual([
      'recovered',
      expect.stringContaining('busy for 30 s'),
      expect.stringContaining('busy for 60 s'),
      expect.stringContaining('busy for 2 min'),
      'recovered',
    ]);
  });

  test('a page that hangs gets a new renderer at once', async () => {
    const { session, pass, reported } = make();
    await pass(MINUTE);
    session.liveness = { ...ANSWERS, page: 'hung', silentMs: 45_000 };
    session.onMeasure = () => (session.liveness = ANSWERS);
    await pass(MINUTE);
    expect(session.measures).toEqual(['freshPage']);
    expect(reported()).toEqual(['recovered', expect.stringContaining('has hung for 45 s'), 'recovered']);
  });

  test('a question that the page never answers holds up nothing', async () => {
    const { session, pass } = make();
    await pass(MINUTE);
    session.stuck = true;
    await pass(MINUTE);
    session.liveness = { ...ANSWERS, page: 'hung', silentMs: 45_000 };
    session.onMeasure = () => Object.assign(session, { liveness: ANSWERS, stuck: false });
    await pass(10_000);
    expect(session.measures).toEqual(['freshPage']);
  });

  test('a reload from which the page does not come back is followed by the next stage', async () => {
    const { session, pass } = make();
    await pass(MINUTE);
    session.receivesEvents = false;
    session.onMeasure = (measure) => {
      if (measure === 'reload') session.isReady = false;
      if (measure === 'freshPage') Object.assign(session, { isReady: true, receivesEvents: true });
    };
    await pass(3 * MINUTE);
    expect(session.measures).toEqual(['reattach', 'reload', 'freshPage']);
  }, 30_000);

  test('a page that gets on with its sync is given its time, whatever it was reloaded for', async () => {
    const { session, pass, clock } = make();
    await pass(MINUTE);
    session.receivesEvents = false;
    session.onMeasure = (measure) => {
      if (measure === 'reload') session.isReady = false;
    };
    await pass(10 * MINUTE, () => (session.lastProgressAt = session.isReady ? null : clock.elapsed()));
    expect(session.measures).toEqual(['reattach', 'reload']);
    await pass(2 * MINUTE);
    expect(session.measures[2]).toBe('freshPage');
  }, 30_000);

  test('before it was ready for the first time it is left to the supervisor', async () => {
    const { session, pass, reported } = make();
    session.isReady = false;
    session.liveness = { ...ANSWERS, page: 'hung', silentMs: 60_000 };
    await pass(5 * MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual([]);
  });
});

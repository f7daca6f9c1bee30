/** The examination and healing of a session, with a patient that has what a test gives it. */
import { describe, expect, test } from '@jest/globals';
import type { EngineSignal } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import {
  Health,
  newHistory,
  type HealthHistory,
  type MonitoredSession,
} from '../../../../../bridge/src/engine/webjs/health/health.ts';
import type { LivenessView } from '../../../../../bridge/src/engine/webjs/browser/liveness.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import type { StoredMessage } from '../../../../../bridge/src/engine/webjs/page/page-probes.ts';
import { MissedMessageCheck } from '../../../../../bridge/src/engine/webjs/health/missed-message-check.ts';
import { ManualClock, silent } from '../../../sessions/fake-engine.ts';

const MINUTE = 60_000;
const ANSWERS: LivenessView = { browser: 'answers', version: 'Chrome/1', page: 'answers', silentMs: 0 };
// What never comes is waited for in real time.
const SHORT_DEADLINES = { ...DEADLINES, listenerProbe: 5, examine: 100 };

class Sick implements MonitoredSession {
  isReady = true;
  isAway = false;
  leavesUnanswered = false;
  liveness = ANSWERS;
  lastReceivedAt: number | null = null;
  lastProgressAt: number | null = null;
  stored: StoredMessage[] = [];
  /** Events of the page arrive. */
  receivesEvents = true;
  /** WhatsApp's server answers. */
  lineAnswers = true;
  /** Called right after the page's store was read. */
  onSwept: () => void = () => undefined;
  /** What each measure does. */
  onMeasure: (measure: string) => void = () => undefined;
  readonly measures: string[] = [];
  asked = 0;
  /** The page answers nothing. */
  stuck = false;
  uploaded: (stanzaId: string) => void = () => undefined;
  readonly page: PageCalls = {
    call: <Args extends readonly unknown[], Result>(fn: (...args: Args) => Result, _ms: number, ...args: Args) =>
      this.stuck
        ? new Promise<Awaited<Result>>(() => undefined)
        : Promise.resolve().then(() => this.#answer(fn.name, [...args]) as Awaited<Result>),
  };

  #answer(name: string, args: readonly unknown[]): unknown {
    if (name === 'readVersion') return '2.3000.1';
    if (name === 'storedSince') {
      setImmediate(this.onSwept);
      return this.stored.filter(({ t }) => t >= (args[0] as number));
    }
    if (name === 'fireProbe') {
      if (this.receivesEvents) this.uploaded(args[0] as string);
      return true;
    }
    if (name === 'askServer') {
      this.asked += 1;
      if (!this.lineAnswers) throw new TransportError('no answer', { late: true });
      return true;
    }
    return this.#measure(name);
  }
  #measure(name: string): void {
    this.measures.push(name);
    this.onMeasure(name);
  }
  reattach = async (): Promise<void> => this.#measure('reattach');
  reload = async (): Promise<void> => this.#measure('reload');
  freshPage = async (): Promise<void> => this.#measure('freshPage');
  giveUp = (reason: string, retryAfterMs?: number): void =>
    this.#measure(`giveUp${retryAfterMs === undefined ? '' : ` for ${retryAfterMs / MINUTE} min: ${reason}`}`);
}

class Facts {
  holding = false;
  /** Chats that could not be read. */
  unread = 0;
  /** One of them. */
  owed: string | null = null;
  isListed = true;
  owes = (chat: string): boolean => !this.isListed || chat === this.owed;
  reportedUntil = 1_000;
  /** From when on each was asked for. */
  readonly holds: (number | undefined)[] = [];
  hold(from?: number): void {
    this.holding = true;
    this.holds.push(from);
  }
}

function make(history: HealthHistory = newHistory()) {
  const session = new Sick();
  const facts = new Facts();
  const clock = new ManualClock();
  const signals: EngineSignal[] = [];
  const outcomes: string[] = [];
  const missedMessages = new MissedMessageCheck({ seconds: Infinity });
  /** From when on was asked for, as of each run. */
  const caughtUpFrom: (number | undefined)[] = [];
  const catchUp = {
    unanswered: 0,
    async run(): Promise<boolean> {
      caughtUpFrom.push(facts.holds.at(-1));
      for (const { fromMe, stanzaId, t, type, ack } of session.stored)
        missedMessages.received({ id: { fromMe, id: stanzaId, remote: 'somebody@c.us' }, t, type, ack });
      facts.holding = false;
      return true;
    },
  };
  session.lastReceivedAt = clock.elapsed();
  const health = new Health({
    session,
    missedMessages,
    facts,
    catchUp,
    notBefore: () => 900,
    history,
    signal: (signal) => signals.push(signal),
    count: (probe, outcome) => outcomes.push(`${probe} ${outcome}`),
    deadlines: SHORT_DEADLINES,
    clock,
    log: silent,
  });
  session.uploaded = (stanzaId) => health.uploaded(stanzaId);
  const stopped = new AbortController();
  void health.run(stopped.signal);
  /** Lets time pass, second by second, with real time for what is waited for really. */
  const pass = async (ms: number, each: () => void = () => undefined): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      each();
      await clock.pass(5_000);
      await new Promise((resolve) => setTimeout(resolve, session.receivesEvents ? 2 : 15));
    }
  };
  const reported = (): string[] => signals.map((signal) => ('reason' in signal ? signal.reason : signal.kind));
  return {
    health,
    session,
    facts,
    clock,
    signals,
    outcomes,
    catchUp,
    caughtUpFrom,
    history,
    missedMessages,
    pass,
    reported,
    stopped,
  };
}

const message = (stanzaId: string, t: number, fresh = true): StoredMessage => ({
  chat: 'somebody@c.us',
  fromMe: false,
  stanzaId,
  t,
  type: 'chat',
  ack: 1,
  fresh,
});

describe('health of a session', () => {
  test('one that is in order is left alone, and vouched for once', async () => {
    const { session, pass, reported, outcomes, clock } = make();
    await pass(10 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
    expect(outcomes).toContain('listeners ok');
    expect(outcomes).toContain('missed_messages ok');
  });

  test('an unannounced new message: told, listeners renewed while new events wait, caught up, told that it works', async () => {
    const { session, pass, reported, caughtUpFrom, facts } = make();
    await pass(MINUTE);
    session.stored = [message('A', 1_005), message('B', 1_003)];
    const held: boolean[] = [];
    session.onMeasure = () => held.push(facts.holding);
    await pass(MINUTE);
    expect(reported()).toEqual(['recovered', expect.stringContaining('2 new messages'), 'recovered']);
    expect(session.measures).toEqual(['reattach']);
    expect(held).toEqual([true]);
    expect(caughtUpFrom).toEqual([1_003]);
  });

  test('a message that is announced a moment later is none of that', async () => {
    const { session, pass, reported, missedMessages } = make();
    await pass(MINUTE);
    session.stored = [message('A', 1_005)];
    session.onSwept = () =>
      missedMessages.received({ id: { fromMe: false, id: 'A', remote: 'somebody@c.us' }, t: 1_005, type: 'chat' });
    await pass(MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  });

  test('what the page holds without announcing it is caught up with, and nothing is healed', async () => {
    const { session, pass, reported, caughtUpFrom } = make();
    await pass(MINUTE);
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual(['recovered']);
  });

  test('what was missed stays missing while the catch-up takes long, with the mark before it, and is settled after', async () => {
    const { session, pass, catchUp, facts, missedMessages } = make();
    await pass(MINUTE);
    let come: () => void = () => undefined;
    catchUp.run = () =>
      new Promise((resolve) => {
        come = () => {
          facts.holding = false;
          resolve(true);
        };
      });
    session.stored = [message('A', 970)];
    await pass(MINUTE);
    expect(facts.holds).toEqual([970, 970]);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
    // Longer than it is waited for.
    await new Promise((resolve) => setTimeout(resolve, 5 * SHORT_DEADLINES.examine));
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
    come();
    await pass(5_000);
    expect(missedMessages.notReceived(session.stored)).toEqual([]);
  });

  test('what was missed stays missing where the catch-up ended without it', async () => {
    const { session, pass, catchUp, missedMessages } = make();
    await pass(MINUTE);
    catchUp.run = async () => false;
    session.stored = [message('A', 1_005)];
    await pass(MINUTE);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
  });

  test('a kind of message that is never announced costs no browser: it is caught up with each time, and told', async () => {
    const { session, pass, reported, missedMessages, history, clock } = make();
    await pass(MINUTE);
    for (let number = 0; number < 10; number++) {
      session.stored = [message(`odd ${number}`, 1_005 + number)];
      await pass(2 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
      expect(missedMessages.notReceived(session.stored)).toEqual([]);
    }
    expect(session.measures).toEqual(['reattach', 'reload']);
    expect(history.browsers).toEqual([]);
    expect(reported().at(-1)).toContain('does not report every message');
    await pass(31 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(reported().at(-1)).toBe('recovered');
  }, 30_000);

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

  test('sends that fail do not hide messages that are never announced', async () => {
    const { health, session, pass, reported } = make();
    for (let n = 0; n < 4; n++) {
      session.stored = [message(`3EB0A${n}`, 2_000)];
      await pass(2 * MINUTE);
    }
    const borne = reported().at(-1);
    expect(borne).toContain('does not report every message');
    health.reportSending('nothing goes out');
    expect(reported().at(-1)).toBe(borne);
    await pass(40 * MINUTE);
    expect(reported().at(-1)).toBe('nothing goes out');
  });

  test('chats that could not be read: counted, the page is reloaded in two ways, and the rest is left to work', async () => {
    const { session, facts, pass, reported, history, clock } = make();
    await pass(MINUTE);
    facts.unread = 2;
    await pass(10 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual(['reload', 'freshPage']);
    expect(history.browsers).toEqual([]);
    expect(reported().slice(1)).toEqual([
      expect.stringMatching(/^2 chats have missed messages.*reloaded$/),
      expect.stringMatching(/^2 chats have missed messages.*new process$/),
      expect.stringMatching(/^2 chats have missed messages.*requested again$/),
    ]);
    facts.unread = 0;
    await pass(MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(reported().at(-1)).toBe('recovered');
  }, 30_000);

  test('what is missing of a chat that could not be read is asked for elsewhere, and nobody else waits for it', async () => {
    const { session, facts, pass, caughtUpFrom, missedMessages } = make();
    await pass(MINUTE);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    session.stored = [{ ...message('A', 1_005), chat: 'unread@c.us' }];
    await pass(5 * MINUTE);
    expect(caughtUpFrom).toEqual([]);
    expect(missedMessages.notReceived(session.stored)).toHaveLength(1);
  });

  test('while a chat stays unread, the others are caught up with, and a page that leaves frames unanswered reconnects', async () => {
    const { session, facts, pass, caughtUpFrom, reported, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    await pass(40 * MINUTE, receive);
    session.measures.length = 0;
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, receive);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(session.measures).toEqual([]);
    session.leavesUnanswered = true;
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reconnect']);
    expect(reported().at(-1)).toMatch(/^1 chat has missed messages.*requested again$/);
  }, 30_000);

  test.each([
    ['frames without an answer open another connection', { leavesUnanswered: true }, 'reconnect'],
    ['a message that is not announced renews the listeners', { stored: [message('A', 1_011)] }, 'reattach'],
    ['events that do not come renew the listeners', { receivesEvents: false }, 'reattach'],
  ])(
    'right after the page was reloaded for unread chats, %s',
    async (_, fault, measure) => {
      const { session, facts, pass, clock } = make();
      const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
      await pass(MINUTE, receive);
      facts.unread = 1;
      await pass(6 * MINUTE, receive);
      expect(session.measures).toEqual(['reload', 'freshPage']);
      facts.unread = 0;
      await pass(MINUTE, receive);
      session.measures.length = 0;
      session.onMeasure = () => (session.receivesEvents = true);
      Object.assign(session, fault);
      await pass(MINUTE, receive);
      expect(session.measures).toEqual([measure]);
    },
    30_000,
  );

  test('what was only suspected begins with another connection, whatever was healed before', async () => {
    const { session, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    session.receivesEvents = false;
    session.onMeasure = (measure) => (session.receivesEvents = measure === 'reload');
    await pass(3 * MINUTE, receive);
    expect(session.measures).toEqual(['reattach', 'reload']);
    session.onMeasure = () => undefined;
    session.leavesUnanswered = true;
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reattach', 'reload', 'reconnect']);
  }, 30_000);

  test('what is found while a page that was reloaded for unread chats has its time waits for it', async () => {
    const { session, facts, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    facts.unread = 1;
    session.onMeasure = () => (session.receivesEvents = false);
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reload']);
    session.onMeasure = () => undefined;
    await pass(MINUTE, receive);
    expect(session.measures[1]).toBe('reattach');
  }, 30_000);

  test('while the chats are not listed, a page that does not announce what it has is healed, and nobody waits for the rest', async () => {
    const { session, facts, pass, clock } = make();
    const receive = (): void => void (session.lastReceivedAt = clock.elapsed());
    await pass(MINUTE, receive);
    Object.assign(facts, { unread: Infinity, isListed: false });
    await pass(40 * MINUTE, receive);
    session.measures.length = 0;
    session.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, receive);
    expect(facts.holds).toEqual([]);
    expect(session.measures).toEqual([]);
    session.stored = [message('new', 1_011)];
    await pass(MINUTE, receive);
    expect(session.measures).toEqual(['reattach']);
  }, 30_000);

  test('chats that stay unread do not change how a session is healed that hears nothing', async () => {
    const { session, facts, pass, clock } = make();
    await pass(MINUTE);
    facts.unread = 1;
    await pass(40 * MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    session.measures.length = 0;
    session.receivesEvents = false;
    session.onMeasure = () => (session.receivesEvents = true);
    await pass(MINUTE, () => (session.lastReceivedAt = clock.elapsed()));
    expect(session.measures).toEqual(['reattach']);
  }, 30_000);

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

  test('a page that was reloaded for chats that could not be read is left to the supervisor until it is back', async () => {
    const { session, facts, pass, history } = make();
    await pass(MINUTE);
    facts.unread = 1;
    session.onMeasure = () => (session.isReady = false);
    await pass(15 * MINUTE);
    expect(session.measures).toEqual(['reload']);
    expect(history.browsers).toEqual([]);
  }, 30_000);

  test('a new browser does not begin again with what was tried for chats that could not be read', async () => {
    const first = make();
    await first.pass(MINUTE);
    first.facts.unread = 1;
    await first.pass(5 * MINUTE);
    expect(first.session.measures).toEqual(['reload', 'freshPage']);
    first.stopped.abort();
    const { session, facts, pass, reported } = make(first.history);
    await pass(MINUTE);
    facts.unread = 1;
    await pass(10 * MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported().at(-1)).toContain('requested again');
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

  test('before it was ready for the first time it is left to the supervisor', async () => {
    const { session, pass, reported } = make();
    session.isReady = false;
    session.liveness = { ...ANSWERS, page: 'hung', silentMs: 60_000 };
    await pass(5 * MINUTE);
    expect(session.measures).toEqual([]);
    expect(reported()).toEqual([]);
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

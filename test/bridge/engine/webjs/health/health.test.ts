/** The examination and healing of a session, with a patient that has what a test gives it. */
import { describe, expect, test } from '@jest/globals';
import type { EngineSignal } from '../../../../../bridge/src/engine/engine.ts';
import { DEADLINES, TransportError } from '../../../../../bridge/src/engine/webjs/deadlines.ts';
import {
  Health,
  newHistory,
  type HealthHistory,
  type Patient,
} from '../../../../../bridge/src/engine/webjs/health/health.ts';
import type { LivenessView } from '../../../../../bridge/src/engine/webjs/browser/liveness.ts';
import type { PageCalls } from '../../../../../bridge/src/engine/webjs/page/page-calls.ts';
import type { StoredMessage } from '../../../../../bridge/src/engine/webjs/page/page-probes.ts';
import { Sweep } from '../../../../../bridge/src/engine/webjs/health/sweep.ts';
import { ManualClock, silent } from '../../../sessions/fake-engine.ts';

const MINUTE = 60_000;
const ANSWERS: LivenessView = { browser: 'answers', version: 'Chrome/1', page: 'answers', silentMs: 0 };
// What never comes is waited for in real time.
const IMPATIENT = { ...DEADLINES, listenerProbe: 5, examine: 100 };

class Sick implements Patient {
  isReady = true;
  isAway = false;
  leavesUnanswered = false;
  liveness = ANSWERS;
  heardAt: number | null = null;
  gotOnAt: number | null = null;
  stored: StoredMessage[] = [];
  /** Events of the page arrive. */
  hears = true;
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
  uploaded: (stanza: string) => void = () => undefined;
  readonly page: PageCalls = {
    call: (fn, _ms, ...args) =>
      this.stuck ? new Promise(() => undefined) : Promise.resolve().then(() => this.#answer(fn.name, args) as never),
  };

  #answer(name: string, args: readonly unknown[]): unknown {
    if (name === 'readVersion') return '2.3000.1';
    if (name === 'storedSince') {
      setImmediate(this.onSwept);
      return this.stored.filter(({ t }) => t >= (args[0] as number));
    }
    if (name === 'fireProbe') {
      if (this.hears) this.uploaded(args[0] as string);
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
  const patient = new Sick();
  const facts = new Facts();
  const clock = new ManualClock();
  const signals: EngineSignal[] = [];
  const outcomes: string[] = [];
  const sweep = new Sweep({ seconds: Infinity });
  /** From when on was asked for, as of each run. */
  const caughtUpFrom: (number | undefined)[] = [];
  const catchUp = {
    unanswered: 0,
    async run(): Promise<boolean> {
      caughtUpFrom.push(facts.holds.at(-1));
      for (const { fromMe, stanza, t, type, ack } of patient.stored)
        sweep.heard({ id: { fromMe, id: stanza, remote: 'somebody@c.us' }, t, type, ack });
      facts.holding = false;
      return true;
    },
  };
  patient.heardAt = clock.elapsed();
  const health = new Health({
    patient,
    sweep,
    facts,
    catchUp,
    notBefore: () => 900,
    history,
    signal: (signal) => signals.push(signal),
    count: (probe, outcome) => outcomes.push(`${probe} ${outcome}`),
    deadlines: IMPATIENT,
    clock,
    log: silent,
  });
  patient.uploaded = (stanza) => health.uploaded(stanza);
  const stopped = new AbortController();
  void health.keep(stopped.signal);
  /** Lets time pass, second by second, with real time for what is waited for really. */
  const pass = async (ms: number, each: () => void = () => undefined): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5_000) {
      each();
      await clock.pass(5_000);
      await new Promise((resolve) => setTimeout(resolve, patient.hears ? 2 : 15));
    }
  };
  const told = (): string[] => signals.map((signal) => ('reason' in signal ? signal.reason : signal.kind));
  return {
    health,
    patient,
    facts,
    clock,
    signals,
    outcomes,
    catchUp,
    caughtUpFrom,
    history,
    sweep,
    pass,
    told,
    stopped,
  };
}

const message = (stanza: string, t: number, fresh = true): StoredMessage => ({
  chat: 'somebody@c.us',
  fromMe: false,
  stanza,
  t,
  type: 'chat',
  ack: 1,
  fresh,
});

describe('health of a session', () => {
  test('one that is in order is left alone, and vouched for once', async () => {
    const { patient, pass, told, outcomes, clock } = make();
    await pass(10 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual(['recovered']);
    expect(outcomes).toContain('listeners ok');
    expect(outcomes).toContain('sweep ok');
  });

  test('an unannounced new message: told, listeners renewed while new events wait, caught up, told that it works', async () => {
    const { patient, pass, told, caughtUpFrom, facts } = make();
    await pass(MINUTE);
    patient.stored = [message('A', 1_005), message('B', 1_003)];
    const held: boolean[] = [];
    patient.onMeasure = () => held.push(facts.holding);
    await pass(MINUTE);
    expect(told()).toEqual(['recovered', expect.stringContaining('2 new messages'), 'recovered']);
    expect(patient.measures).toEqual(['reattach']);
    expect(held).toEqual([true]);
    expect(caughtUpFrom).toEqual([1_003]);
  });

  test('a message that is announced a moment later is none of that', async () => {
    const { patient, pass, told, sweep } = make();
    await pass(MINUTE);
    patient.stored = [message('A', 1_005)];
    patient.onSwept = () =>
      sweep.heard({ id: { fromMe: false, id: 'A', remote: 'somebody@c.us' }, t: 1_005, type: 'chat' });
    await pass(MINUTE);
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual(['recovered']);
  });

  test('what the page holds without announcing it is caught up with, and nothing is healed', async () => {
    const { patient, pass, told, caughtUpFrom } = make();
    await pass(MINUTE);
    patient.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual(['recovered']);
  });

  test('what was missed stays missing while the catch-up takes long, with the mark before it, and is settled after', async () => {
    const { patient, pass, catchUp, facts, sweep } = make();
    await pass(MINUTE);
    let come: () => void = () => undefined;
    catchUp.run = () =>
      new Promise((resolve) => {
        come = () => {
          facts.holding = false;
          resolve(true);
        };
      });
    patient.stored = [message('A', 970)];
    await pass(MINUTE);
    expect(facts.holds).toEqual([970, 970]);
    expect(sweep.unheard(patient.stored)).toHaveLength(1);
    // Longer than it is waited for.
    await new Promise((resolve) => setTimeout(resolve, 5 * IMPATIENT.examine));
    expect(sweep.unheard(patient.stored)).toHaveLength(1);
    come();
    await pass(5_000);
    expect(sweep.unheard(patient.stored)).toEqual([]);
  });

  test('what was missed stays missing where the catch-up ended without it', async () => {
    const { patient, pass, catchUp, sweep } = make();
    await pass(MINUTE);
    catchUp.run = async () => false;
    patient.stored = [message('A', 1_005)];
    await pass(MINUTE);
    expect(sweep.unheard(patient.stored)).toHaveLength(1);
  });

  test('a kind of message that is never announced costs no browser: it is caught up with each time, and told', async () => {
    const { patient, pass, told, sweep, history, clock } = make();
    await pass(MINUTE);
    for (let number = 0; number < 10; number++) {
      patient.stored = [message(`odd ${number}`, 1_005 + number)];
      await pass(2 * MINUTE, () => (patient.heardAt = clock.elapsed()));
      expect(sweep.unheard(patient.stored)).toEqual([]);
    }
    expect(patient.measures).toEqual(['reattach', 'reload']);
    expect(history.browsers).toEqual([]);
    expect(told().at(-1)).toContain('does not report every message');
    await pass(31 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(told().at(-1)).toBe('recovered');
  }, 30_000);

  test('what another part tells ends once the session is found in order', async () => {
    const { health, pass, told, patient, clock } = make();
    await pass(MINUTE);
    health.tell('2 chats had more missed messages than could be read');
    await pass(MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(told()).toEqual(['recovered', expect.stringContaining('2 chats'), 'recovered']);
  });

  test('sends that fail are told, and their end is told to a session that is ready only', async () => {
    const { health, patient, pass, told } = make();
    await pass(MINUTE);
    health.sends('nothing goes out');
    health.sends(null);
    expect(told()).toEqual(['recovered', 'nothing goes out', 'recovered']);
    health.sends('nothing goes out');
    patient.isReady = false;
    // What is said to a session that is on its way back is lost.
    health.sends(null);
    expect(told()).toHaveLength(4);
    patient.isReady = true;
    await pass(MINUTE);
    expect(told().at(-1)).toBe('recovered');
    expect(told()).toHaveLength(5);
  });

  test('sends that fail do not hide messages that are never announced', async () => {
    const { health, patient, pass, told } = make();
    for (let n = 0; n < 4; n++) {
      patient.stored = [message(`3EB0A${n}`, 2_000)];
      await pass(2 * MINUTE);
    }
    const borne = told().at(-1);
    expect(borne).toContain('does not report every message');
    health.sends('nothing goes out');
    expect(told().at(-1)).toBe(borne);
    await pass(40 * MINUTE);
    expect(told().at(-1)).toBe('nothing goes out');
  });

  test('chats that could not be read: counted, the page is loaded anew in two ways, and the rest is left to work', async () => {
    const { patient, facts, pass, told, history, clock } = make();
    await pass(MINUTE);
    facts.unread = 2;
    await pass(10 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(patient.measures).toEqual(['reload', 'freshPage']);
    expect(history.browsers).toEqual([]);
    expect(told().slice(1)).toEqual([
      expect.stringMatching(/^2 chats have missed messages.*reloaded$/),
      expect.stringMatching(/^2 chats have missed messages.*new process$/),
      expect.stringMatching(/^2 chats have missed messages.*requested again$/),
    ]);
    facts.unread = 0;
    await pass(MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(told().at(-1)).toBe('recovered');
  }, 30_000);

  test('what is missing of a chat that could not be read is asked for elsewhere, and nobody else waits for it', async () => {
    const { patient, facts, pass, caughtUpFrom, sweep } = make();
    await pass(MINUTE);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    patient.stored = [{ ...message('A', 1_005), chat: 'unread@c.us' }];
    await pass(5 * MINUTE);
    expect(caughtUpFrom).toEqual([]);
    expect(sweep.unheard(patient.stored)).toHaveLength(1);
  });

  test('while a chat stays unread, the others are caught up with, and a page that leaves frames unanswered reconnects', async () => {
    const { patient, facts, pass, caughtUpFrom, told, clock } = make();
    const hear = (): void => void (patient.heardAt = clock.elapsed());
    await pass(MINUTE, hear);
    Object.assign(facts, { unread: 1, owed: 'unread@c.us' });
    await pass(40 * MINUTE, hear);
    patient.measures.length = 0;
    patient.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, hear);
    expect(caughtUpFrom).toEqual([1_010]);
    expect(patient.measures).toEqual([]);
    patient.leavesUnanswered = true;
    await pass(MINUTE, hear);
    expect(patient.measures).toEqual(['reconnect']);
    expect(told().at(-1)).toMatch(/^1 chat has missed messages.*requested again$/);
  }, 30_000);

  test.each([
    ['frames without an answer open another connection', { leavesUnanswered: true }, 'reconnect'],
    ['a message that is not announced renews the listeners', { stored: [message('A', 1_011)] }, 'reattach'],
    ['events that do not come renew the listeners', { hears: false }, 'reattach'],
  ])(
    'right after the page was loaded anew for unread chats, %s',
    async (_, fault, measure) => {
      const { patient, facts, pass, clock } = make();
      const hear = (): void => void (patient.heardAt = clock.elapsed());
      await pass(MINUTE, hear);
      facts.unread = 1;
      await pass(6 * MINUTE, hear);
      expect(patient.measures).toEqual(['reload', 'freshPage']);
      facts.unread = 0;
      await pass(MINUTE, hear);
      patient.measures.length = 0;
      patient.onMeasure = () => (patient.hears = true);
      Object.assign(patient, fault);
      await pass(MINUTE, hear);
      expect(patient.measures).toEqual([measure]);
    },
    30_000,
  );

  test('what was only suspected begins with another connection, whatever was healed before', async () => {
    const { patient, pass, clock } = make();
    const hear = (): void => void (patient.heardAt = clock.elapsed());
    await pass(MINUTE, hear);
    patient.hears = false;
    patient.onMeasure = (measure) => (patient.hears = measure === 'reload');
    await pass(3 * MINUTE, hear);
    expect(patient.measures).toEqual(['reattach', 'reload']);
    patient.onMeasure = () => undefined;
    patient.leavesUnanswered = true;
    await pass(MINUTE, hear);
    expect(patient.measures).toEqual(['reattach', 'reload', 'reconnect']);
  }, 30_000);

  test('what is found while a page that was loaded anew for unread chats has its time waits for it', async () => {
    const { patient, facts, pass, clock } = make();
    const hear = (): void => void (patient.heardAt = clock.elapsed());
    await pass(MINUTE, hear);
    facts.unread = 1;
    patient.onMeasure = () => (patient.hears = false);
    await pass(MINUTE, hear);
    expect(patient.measures).toEqual(['reload']);
    patient.onMeasure = () => undefined;
    await pass(MINUTE, hear);
    expect(patient.measures[1]).toBe('reattach');
  }, 30_000);

  test('while the chats are not listed, a page that does not announce what it has is healed, and nobody waits for the rest', async () => {
    const { patient, facts, pass, clock } = make();
    const hear = (): void => void (patient.heardAt = clock.elapsed());
    await pass(MINUTE, hear);
    Object.assign(facts, { unread: Infinity, isListed: false });
    await pass(40 * MINUTE, hear);
    patient.measures.length = 0;
    patient.stored = [message('from its history', 1_010, false)];
    await pass(MINUTE, hear);
    expect(facts.holds).toEqual([]);
    expect(patient.measures).toEqual([]);
    patient.stored = [message('new', 1_011)];
    await pass(MINUTE, hear);
    expect(patient.measures).toEqual(['reattach']);
  }, 30_000);

  test('chats that stay unread do not change how a session is healed that hears nothing', async () => {
    const { patient, facts, pass, clock } = make();
    await pass(MINUTE);
    facts.unread = 1;
    await pass(40 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    patient.measures.length = 0;
    patient.hears = false;
    patient.onMeasure = () => (patient.hears = true);
    await pass(MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(patient.measures).toEqual(['reattach']);
  }, 30_000);

  test('events that do not come: each stage in its turn, then a new browser', async () => {
    const { patient, pass, told, history } = make();
    await pass(MINUTE);
    patient.hears = false;
    await pass(5 * MINUTE, () => undefined);
    const until = patient.measures.indexOf('giveUp') + 1;
    expect(patient.measures.slice(0, until)).toEqual(['reattach', 'reload', 'freshPage', 'giveUp']);
    expect(told()[1]).toContain('events do not reach the bridge');
    expect(history.browsers.length).toBeGreaterThan(0);
  }, 30_000);

  test('after too many new browsers it stops, with a reason that says what to do', async () => {
    const { patient, pass, clock, stopped } = make({
      browsers: Array.from({ length: 5 }, () => Date.parse('2026-01-01T00:00:00Z')),
      lastForUnread: null,
      proven: new Set(['listeners']),
    });
    patient.hears = false;
    patient.onMeasure = (measure) => {
      if (measure.startsWith('giveUp')) stopped.abort();
    };
    await pass(5 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(patient.measures.at(-1)).toMatch(/^giveUp for 60 min: .*even after 5 new browsers.*start the session/);
  }, 30_000);

  test('a probe that never worked proves nothing: a version of WhatsApp Web with which it cannot work is no failure', async () => {
    const { patient, pass, told, outcomes, clock } = make();
    patient.hears = false;
    await pass(2 * MINUTE, () => (patient.heardAt = clock.elapsed()));
    expect(outcomes).toContain('listeners unknown');
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual(['recovered']);
  }, 30_000);

  test('the server is asked only after a long silence, and two questions without an answer are a dead line', async () => {
    const { patient, pass, told, clock } = make();
    await pass(4 * MINUTE);
    // Once at first, so that it is known to work.
    expect(patient.asked).toBe(1);
    await pass(3 * MINUTE);
    expect(patient.asked).toBe(2);
    patient.lineAnswers = false;
    patient.onMeasure = (measure) => (patient.lineAnswers = measure === 'reload');
    await pass(6 * MINUTE);
    expect(patient.measures[0]).toBe('reconnect');
    expect(patient.measures).toContain('reload');
    expect(told().filter((each) => each.includes("WhatsApp's server does not answer"))).toHaveLength(2);
    expect(told().at(-1)).toBe('recovered');
    expect(clock.elapsed()).toBeGreaterThan(0);
  });

  test('after an hour of silence another connection is opened, without alarm; what does not survive that is healed', async () => {
    const { patient, pass, told } = make();
    await pass(59 * MINUTE);
    expect(patient.measures).toEqual([]);
    patient.onMeasure = () => (patient.isReady = false);
    for (let tries = 0; tries < 40 && patient.measures.length === 0; tries++) await pass(5_000);
    expect(patient.measures).toEqual(['reconnect']);
    expect(told()).toEqual(['recovered']);
    await pass(40_000);
    expect(patient.measures).toEqual(['reconnect', 'reload']);
    expect(told().at(-1)).toContain('a long silence');
  }, 30_000);

  test('frames without an answer open another connection soon, without alarm, and once in half an hour at most', async () => {
    const { patient, pass, told } = make();
    await pass(MINUTE);
    patient.leavesUnanswered = true;
    await pass(25 * MINUTE);
    expect(patient.measures).toEqual(['reconnect']);
    expect(told()).toEqual(['recovered']);
    await pass(10 * MINUTE);
    expect(patient.measures).toEqual(['reconnect', 'reconnect']);
    patient.onMeasure = () => (patient.isReady = false);
    await pass(31 * MINUTE, () => (patient.isReady ||= patient.measures.includes('reload')));
    expect(patient.measures).toEqual(['reconnect', 'reconnect', 'reconnect', 'reload']);
    expect(told().some((each) => each.includes('did not answer'))).toBe(true);
  }, 60_000);

  test('while WhatsApp Web cannot be reached nothing is healed, since nothing would help', async () => {
    const { patient, pass } = make();
    patient.onMeasure = () => {
      patient.isReady = false;
      patient.isAway = true;
    };
    patient.lineAnswers = true;
    await pass(MINUTE);
    patient.lineAnswers = false;
    for (let tries = 0; tries < 40 && patient.measures.length === 0; tries++) await pass(MINUTE / 2);
    await pass(5 * MINUTE);
    expect(patient.measures).toEqual(['reconnect']);
    patient.isAway = false;
    await pass(MINUTE);
    expect(patient.measures).toEqual(['reconnect', 'reload']);
  }, 30_000);

  test('a busy page is told, at growing intervals, and nothing is done to it', async () => {
    const { patient, pass, told } = make();
    await pass(MINUTE);
    let silentMs = 0;
    await pass(3 * MINUTE, () => {
      silentMs += 5_000;
      patient.liveness = { ...ANSWERS, page: 'busy', silentMs };
    });
    patient.liveness = ANSWERS;
    await pass(MINUTE);
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual([
      'recovered',
      expect.stringContaining('busy for 30 s'),
      expect.stringContaining('busy for 60 s'),
      expect.stringContaining('busy for 2 min'),
      'recovered',
    ]);
  });

  test('a page that hangs gets a new renderer at once', async () => {
    const { patient, pass, told } = make();
    await pass(MINUTE);
    patient.liveness = { ...ANSWERS, page: 'hung', silentMs: 45_000 };
    patient.onMeasure = () => (patient.liveness = ANSWERS);
    await pass(MINUTE);
    expect(patient.measures).toEqual(['freshPage']);
    expect(told()).toEqual(['recovered', expect.stringContaining('has hung for 45 s'), 'recovered']);
  });

  test('a question that the page never answers holds up nothing', async () => {
    const { patient, pass } = make();
    await pass(MINUTE);
    patient.stuck = true;
    await pass(MINUTE);
    patient.liveness = { ...ANSWERS, page: 'hung', silentMs: 45_000 };
    patient.onMeasure = () => Object.assign(patient, { liveness: ANSWERS, stuck: false });
    await pass(10_000);
    expect(patient.measures).toEqual(['freshPage']);
  });

  test('a reload from which the page does not come back is followed by the next stage', async () => {
    const { patient, pass } = make();
    await pass(MINUTE);
    patient.hears = false;
    patient.onMeasure = (measure) => {
      if (measure === 'reload') patient.isReady = false;
      if (measure === 'freshPage') Object.assign(patient, { isReady: true, hears: true });
    };
    await pass(3 * MINUTE);
    expect(patient.measures).toEqual(['reattach', 'reload', 'freshPage']);
  }, 30_000);

  test('a page that was loaded anew for chats that could not be read is left to the supervisor until it is back', async () => {
    const { patient, facts, pass, history } = make();
    await pass(MINUTE);
    facts.unread = 1;
    patient.onMeasure = () => (patient.isReady = false);
    await pass(15 * MINUTE);
    expect(patient.measures).toEqual(['reload']);
    expect(history.browsers).toEqual([]);
  }, 30_000);

  test('a new browser does not begin again with what was tried for chats that could not be read', async () => {
    const first = make();
    await first.pass(MINUTE);
    first.facts.unread = 1;
    await first.pass(5 * MINUTE);
    expect(first.patient.measures).toEqual(['reload', 'freshPage']);
    first.stopped.abort();
    const { patient, facts, pass, told } = make(first.history);
    await pass(MINUTE);
    facts.unread = 1;
    await pass(10 * MINUTE);
    expect(patient.measures).toEqual([]);
    expect(told().at(-1)).toContain('requested again');
  }, 30_000);

  test('a page that gets on with its sync is given its time, whatever it was loaded anew for', async () => {
    const { patient, pass, clock } = make();
    await pass(MINUTE);
    patient.hears = false;
    patient.onMeasure = (measure) => {
      if (measure === 'reload') patient.isReady = false;
    };
    await pass(10 * MINUTE, () => (patient.gotOnAt = patient.isReady ? null : clock.elapsed()));
    expect(patient.measures).toEqual(['reattach', 'reload']);
    await pass(2 * MINUTE);
    expect(patient.measures[2]).toBe('freshPage');
  }, 30_000);

  test('a page that leaves what is asked of it unanswered while events wait is healed, a busy one is not', async () => {
    const { patient, pass, facts, catchUp, told } = make();
    await pass(MINUTE);
    facts.hold();
    patient.liveness = { ...ANSWERS, page: 'busy', silentMs: 20_000 };
    catchUp.unanswered = 4;
    await pass(10_000);
    patient.liveness = ANSWERS;
    catchUp.unanswered = 5;
    await pass(10_000);
    expect(patient.measures).toEqual([]);
    catchUp.unanswered = 8;
    await pass(10_000);
    expect(patient.measures).toEqual(['reattach']);
    expect(told()).toContainEqual(expect.stringContaining('new events wait until it does'));
  });

  test('before it was ready for the first time it is left to the supervisor', async () => {
    const { patient, pass, told } = make();
    patient.isReady = false;
    patient.liveness = { ...ANSWERS, page: 'hung', silentMs: 60_000 };
    await pass(5 * MINUTE);
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual([]);
  });
});

describe('the clock of the machine is set', () => {
  const TWO_HOURS = 120 * MINUTE;

  test.each([-TWO_HOURS, TWO_HOURS])('a session is examined as often as before (by %i ms)', async (by) => {
    const { patient, pass, outcomes, clock, told } = make();
    await pass(MINUTE);
    const swept = (): number => outcomes.filter((outcome) => outcome === 'sweep ok').length;
    const before = swept();
    await pass(5 * MINUTE);
    const usual = swept() - before;
    clock.set(by);
    await pass(5 * MINUTE);
    const then = swept() - before - usual;
    expect(then).toBeGreaterThan(usual / 2);
    expect(then).toBeLessThan(usual * 2);
    // Nobody has been quiet for two hours.
    expect(patient.measures).toEqual([]);
    expect(told()).toEqual(['recovered']);
  });

  test.each([-TWO_HOURS, TWO_HOURS])(
    'each stage of healing is given its time, and no more (by %i ms)',
    async (by) => {
      const { patient, pass, clock } = make();
      await pass(MINUTE);
      patient.hears = false;
      const doneAt: number[] = [];
      patient.onMeasure = () => {
        doneAt.push(clock.elapsed());
        if (doneAt.length === 1) clock.set(by);
      };
      await pass(6 * MINUTE);
      expect(patient.measures.slice(0, 4)).toEqual(['reattach', 'reload', 'freshPage', 'giveUp']);
      const { proveRefresh, proveReload, proveNewPage } = IMPATIENT;
      for (const [index, proof] of [proveRefresh, proveReload, proveNewPage].entries()) {
        const took = (doneAt[index + 1] as number) - (doneAt[index] as number);
        expect(took).toBeGreaterThanOrEqual(proof);
        expect(took).toBeLessThanOrEqual(proof + MINUTE);
      }
    },
    30_000,
  );
});

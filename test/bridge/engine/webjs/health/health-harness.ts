/** A session whose health is examined, with a page, facts and catch-up that a test scripts. */
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

export const MINUTE = 60_000;
export const ANSWERS: LivenessView = { browser: 'answers', version: 'Chrome/1', page: 'answers', silentMs: 0 };

// What never comes is waited for in real time.
export const SHORT_DEADLINES = { ...DEADLINES, listenerProbe: 5, examine: 100 };

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

/** A catch-up that reports at once what the page has stored. */
function catchUpOf(session: Sick, facts: Facts, missedMessages: MissedMessageCheck) {
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
  return { catchUp, caughtUpFrom };
}

export function make(history: HealthHistory = newHistory()) {
  const session = new Sick();
  const facts = new Facts();
  const clock = new ManualClock();
  const signals: EngineSignal[] = [];
  const outcomes: string[] = [];
  const missedMessages = new MissedMessageCheck({ seconds: Infinity });
  const { catchUp, caughtUpFrom } = catchUpOf(session, facts, missedMessages);
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

export const message = (stanzaId: string, t: number, fresh = true): StoredMessage => ({
  chat: 'somebody@c.us',
  fromMe: false,
  stanzaId,
  t,
  type: 'chat',
  ack: 1,
  fresh,
});

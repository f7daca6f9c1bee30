/**
 * What a session that is ready is examined for: messages that the page has and never announced
 * (`missed-message-check.ts`), and the probes of its listeners and of its line (`probes.ts`). What follows from the
 * findings is decided by `health.ts`.
 */
import type { Clock } from '../../../ops/clock.ts';
import type { Deadlines } from '../deadlines.ts';
import type { FactReporter } from '../inbound/fact-reporter.ts';
import type { LivenessView } from '../browser/liveness.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { readVersion, storedSince, type StoredMessage } from '../page/page-probes.ts';
import { type ProbeName, type ProbeOutcome, Probes, type ProvenProbes } from './probes.ts';
import type { MissedMessageCheck } from './missed-message-check.ts';

export type CheckName = ProbeName | 'missed_messages';
export type Results = ReadonlyMap<CheckName, { readonly outcome: ProbeOutcome; readonly at: number }>;

/** The session, as far as it is examined. */
export interface ExaminedSession {
  /** Throws TransportError if there is none. */
  readonly page: PageCalls;
  readonly liveness: LivenessView;
  /** When something came from WhatsApp for the last time, in milliseconds; null while nothing has. */
  readonly lastReceivedAt: number | null;
}

export interface ExaminationDependencies {
  readonly session: ExaminedSession;
  readonly missedMessages: Pick<MissedMessageCheck, 'compareFrom' | 'notReceived'>;
  readonly facts: Pick<FactReporter, 'reportedUntil'>;
  /** Seconds: what is older was reported by an earlier run, or belongs to no session. */
  readonly notBefore: () => number;
  readonly count: (probe: CheckName, outcome: ProbeOutcome) => void;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
}

export interface Findings {
  /** Messages that the page has and never announced; null if the page does not say. */
  readonly missing: readonly StoredMessage[] | null;
  readonly listeners: ProbeOutcome;
  /** `unknown` even if it was not due. */
  readonly line: ProbeOutcome;
}

/** Compared at most in each check: in a session without events the newest are the missing ones. */
const MOST_STORED = 2_000;

export class Examination {
  readonly #deps: ExaminationDependencies;
  readonly #probes: Probes;
  readonly #results = new Map<CheckName, { readonly outcome: ProbeOutcome; readonly at: number }>();
  #version: string | null = null;

  constructor(deps: ExaminationDependencies, proven: ProvenProbes) {
    this.#deps = deps;
    this.#probes = new Probes(() => deps.session.page, deps.deadlines, proven);
  }

  /** The last outcome of each probe. */
  get results(): Results {
    return this.#results;
  }

  /** Of WhatsApp Web, once it is known. */
  get version(): string | null {
    return this.#version;
  }

  /** The library reported a medium as uploaded; it may be a probe that comes back. */
  uploaded(stanzaId: string): void {
    this.#probes.uploaded(stanzaId);
  }

  /**
   * Examines once.
   *
   * @param suspectsLine the line is probed even though it is not due
   * @returns null if the page fell silent meanwhile
   */
  async run(suspectsLine: boolean): Promise<Findings | null> {
    const done = new AbortController();
    const looking = this.#look(suspectsLine);
    const found = await Promise.race([looking, this.#silenced(done.signal)]).finally(() => done.abort());
    if (found === null) return null;
    const { missing, listeners, line } = found;
    this.#note('missed_messages', missing === null ? 'unknown' : missing.length === 0 ? 'ok' : 'failed');
    this.#note('listeners', listeners);
    if (line !== undefined) this.#note('line', line);
    return { missing, listeners, line: line ?? 'unknown' };
  }

  async #look(suspectsLine: boolean): Promise<Omit<Findings, 'line'> & { readonly line: ProbeOutcome | undefined }> {
    const missing = await this.#notReceived();
    const listeners = await twice(() => this.#probes.listeners());
    const line = suspectsLine || this.#lineIsDue() ? await twice(() => this.#probes.line()) : undefined;
    return { missing, listeners, line };
  }

  /** Null as soon as the page is silent: what else it is asked would wait in vain, and so would the healing. */
  async #silenced(done: AbortSignal): Promise<null> {
    const { session, clock, deadlines } = this.#deps;
    while (!done.aborted && session.liveness.page === 'answers')
      await clock.sleep(deadlines.livenessEvery, done).catch(() => undefined);
    return null;
  }

  async #notReceived(): Promise<readonly StoredMessage[] | null> {
    const { session, missedMessages, facts, notBefore, clock, deadlines } = this.#deps;
    try {
      this.#version = await session.page.call(readVersion, deadlines.examine);
      const since = missedMessages.compareFrom(facts.reportedUntil, notBefore());
      const stored = await session.page.call(storedSince, deadlines.examine, since, MOST_STORED);
      const suspects = missedMessages.notReceived(stored);
      // What just arrives is announced in a moment.
      if (suspects.length > 0) await clock.sleep(deadlines.announcementGrace);
      return missedMessages.notReceived(suspects);
    } catch {
      return null;
    }
  }

  #lineIsDue(): boolean {
    const { session, clock, deadlines } = this.#deps;
    const probed = this.#results.get('line');
    // Once at first, so that it is known to work here.
    return !probed || clock.elapsed() - Math.max(session.lastReceivedAt ?? 0, probed.at) >= deadlines.lineAfter;
  }

  #note(name: CheckName, outcome: ProbeOutcome): void {
    this.#results.set(name, { outcome, at: this.#deps.clock.elapsed() });
    this.#deps.count(name, outcome);
  }
}

/** A probe that fails is made once more: the page may just have been changing. */
async function twice(probe: () => Promise<ProbeOutcome>): Promise<ProbeOutcome> {
  const first = await probe();
  return first === 'failed' ? probe() : first;
}

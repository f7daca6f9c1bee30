/**
 * Keeps a session able to emit. It examines the session regularly (`examination.ts`), tells what is wrong
 * (`diagnosis.ts`) and heals in stages (`healing.ts`). Whether browser and page live at all is judged apart from this,
 * by `liveness.ts`.
 */
import type { ChatId } from '../../../contract/ids.ts';
import { within } from '../../../ops/deadline.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { EngineSignal } from '../../engine.ts';
import type { CatchUp } from '../inbound/catch-up.ts';
import {
  TOLERATED,
  busyWords,
  type Diagnosis,
  diagnose,
  diagnoseSilence,
  givenUp,
  TOO_QUIET,
  withRemedy,
  UNANSWERED,
} from './diagnosis.ts';
import { type ExaminedSession, Examination, type ExaminationDependencies, type Results } from './examination.ts';
import type { FactReporter } from '../inbound/fact-reporter.ts';
import { HEALING_LIMITS, type HealingLimits, type HealingRecord, nextRemedy, type Remedy } from './healing.ts';
import type { LivenessView } from '../browser/liveness.ts';
import { reconnect, type StoredMessage } from '../page/page-probes.ts';
import { describe } from '../page/page-reason.ts';
import type { ProbeOutcome, ProvenProbes } from './probes.ts';
import type { MissedMessageCheck } from './missed-message-check.ts';

/** What outlives an engine, so that the next one goes on where the last one gave up. */
export interface HealthHistory {
  /** When new browsers were asked for, in milliseconds. */
  browsers: readonly number[];
  /** Apart from what else is healed: chats that stay unread for days must not change how the rest is healed. */
  lastForUnread: HealingRecord['last'];
  readonly proven: ProvenProbes;
}
export const newHistory = (): HealthHistory => ({ browsers: [], lastForUnread: null, proven: new Set() });

/** The session, as far as it is examined and healed. */
export interface MonitoredSession extends ExaminedSession {
  /** Connected, synced and listened to. */
  readonly isReady: boolean;
  /** WhatsApp Web cannot be reached for now, which no healing changes. */
  readonly isAway: boolean;
  /** When a sync got on for the last time, in milliseconds; null while none has. */
  readonly lastProgressAt: number | null;
  /** Frames of WhatsApp's server remain without an answer of the page. */
  readonly leavesUnanswered: boolean;
  /** Attaches the library's listeners once more. */
  reattach(): Promise<void>;
  reload(): Promise<void>;
  /** Loads WhatsApp Web in a new renderer process. */
  freshPage(): Promise<void>;
  /** Ends this browser; the supervisor starts another, at once or after a pause. */
  giveUp(reason: string, retryAfterMs?: number): void;
}

export interface HealthDependencies extends ExaminationDependencies {
  readonly session: MonitoredSession;
  readonly missedMessages: MissedMessageCheck;
  readonly facts: Pick<FactReporter, 'holding' | 'hold' | 'isListed' | 'reportedUntil' | 'owes' | 'unread'>;
  readonly catchUp: Pick<CatchUp, 'run' | 'unanswered'>;
  readonly history: HealthHistory;
  readonly signal: (signal: EngineSignal) => void;
  readonly log: Log;
}

export interface HealthView {
  /** Chats of which the page does not tell what was missed. */
  readonly unread: number;
  readonly results: Results;
  /** Of WhatsApp Web, once it is known. */
  readonly version: string | null;
  readonly diagnosis: Diagnosis | null;
}

/** So many tries to catch up without an answer are a page that hangs in it. */
const HANGS_AFTER = 3;
const STUCK: Diagnosis = {
  fault: 'no_events',
  words: 'WhatsApp Web does not report the missed messages, and new events wait until it does',
};

export class Health {
  readonly #deps: HealthDependencies;
  readonly #limits: HealingLimits;
  readonly #examination: Examination;
  #diagnosis: Diagnosis | null = null;
  #last: HealingRecord['last'] = null;
  /** What is done to the page for unread chats is given its time until then, before it is healed of anything else. */
  #remedyUntil = 0;
  /** Every remedy that is worth its cost was tried for chats that stay unread. */
  #toleratesUnread = false;
  #reported: string | null = null;
  /** Whether this engine has been found healthy; the first time also ends what an earlier one reported. */
  #wasHealthy = false;
  #wasReady = false;
  #examineAt = 0;
  /** Until then it counts as degraded, since messages were not announced though everything was tried that is worth it. */
  #toleratesUntil = 0;
  /** When another connection was opened because of a long silence. */
  #renewedAt = 0;
  /** Why sending does not work; null if it does, as far as is known. */
  #unsent: string | null = null;
  /** Tries to catch up that got no answer because the page was busy. */
  #excused = 0;

  constructor(deps: HealthDependencies) {
    this.#deps = deps;
    const { deadlines, history } = deps;
    const { proveRefresh: refresh, proveReload: reload, proveNewPage } = deadlines;
    this.#limits = { ...HEALING_LIMITS, proofMs: { refresh, reload, new_page: proveNewPage } };
    this.#examination = new Examination(deps, history.proven);
  }

  get view(): HealthView {
    const { results, version } = this.#examination;
    return { results, version, diagnosis: this.#diagnosis, unread: this.#deps.facts.unread };
  }

  /** The library reported a medium as uploaded; it may be a probe that comes back. */
  uploaded(stanzaId: string): void {
    this.#examination.uploaded(stanzaId);
  }

  /** Reports that something does not work as it should, until the session is found healthy again. */
  reportDegraded(reason: string): void {
    if (reason === this.#reported) return;
    this.#reported = reason;
    this.#deps.signal({ kind: 'degraded', reason });
  }

  /** Sending does not work, which no examination shows; null once a send has worked, or nothing is known of it any more. */
  reportSending(words: string | null): void {
    const { session, facts, clock } = this.#deps;
    // A session that is on its way back would not take it; once it is back its next examination says it.
    if (words === null && this.#unsent !== null && this.#unsent === this.#reported && session.isReady) {
      this.#reported = null;
      this.#deps.signal({ kind: 'recovered' });
    }
    // The first wording stays, since each change of it is reported again.
    this.#unsent = words === null ? null : (this.#unsent ?? words);
    const isWorse = this.#diagnosis !== null || facts.unread > 0 || clock.elapsed() < this.#toleratesUntil;
    if (this.#unsent !== null && !isWorse) this.reportDegraded(this.#unsent);
  }

  /** Examines and heals until the signal comes. */
  async run(until: AbortSignal): Promise<void> {
    const { clock, deadlines, log } = this.#deps;
    const job = new PeriodicJob({
      run: () => this.#round(),
      every: Math.min(deadlines.livenessEvery, deadlines.examineEvery),
      failed: (error) => log.warn({ reason: describe(error) }, 'the health of the session could not be checked'),
      clock,
    });
    await job.runUntil(until);
  }

  async #round(): Promise<void> {
    const { session, facts, catchUp, clock } = this.#deps;
    this.#wasReady ||= session.isReady;
    const { liveness } = session;
    const silence = diagnoseSilence(liveness);
    // Until it is ready for the first time, the supervisor's own deadline holds.
    if (silence && this.#wasReady) return this.#heal(silence);
    if (liveness.page !== 'answers') {
      // A busy page answers nothing; only what it leaves unanswered otherwise counts against it.
      this.#excused = catchUp.unanswered + 1;
      return this.#reportBusy(liveness);
    }
    if (catchUp.unanswered < this.#excused - 1) this.#excused = 0;
    if (facts.holding && catchUp.unanswered - this.#excused >= HANGS_AFTER) return this.#heal(STUCK);
    if (!session.isReady || facts.holding) {
      const { isReady, isAway } = session;
      // Healing took the line away, and it has not come back in the time it was given.
      if (this.#diagnosis && !isReady && !isAway && !this.#isProgressing()) await this.#healLost(this.#diagnosis);
      return;
    }
    if (clock.elapsed() >= this.#examineAt) await this.#examine();
  }

  /** The page loads the account's data, which may take longer than a remedy is given. */
  #isProgressing(): boolean {
    const { session, clock, deadlines } = this.#deps;
    return session.lastProgressAt !== null && clock.elapsed() - session.lastProgressAt < deadlines.proveReload;
  }

  /** A session that does not come back receives no events at all. */
  async #healLost(diagnosis: Diagnosis): Promise<void> {
    const { fault } = diagnosis;
    // That is never worth a browser (ADR 16); the supervisor has a deadline of its own.
    if (fault === 'unread') return;
    await this.#heal({ ...diagnosis, fault: fault === 'some_events_missing' ? 'no_events' : fault });
  }

  async #examine(): Promise<void> {
    const { session, facts, clock, deadlines } = this.#deps;
    const found = await this.#examination.run(this.#diagnosis?.fault === 'half_open');
    if (found === null) return;
    const { listeners, line } = found;
    // What a chat owes that could not be read is asked for by the catch-up. Without a list every chat may owe something,
    // which must not hide that the page does not announce what it has.
    const missing = found.missing?.filter(({ chat }) => !facts.isListed || !facts.owes(chat as ChatId)) ?? null;
    // What was found of a page that meanwhile reloads or computes says nothing.
    if (missing === null || !session.isReady || facts.holding || session.liveness.page !== 'answers') return;
    this.#examineAt = clock.elapsed() + deadlines.examineEvery;
    const fresh = missing.filter((message) => message.fresh).length;
    const diagnosis = diagnose({ fresh, listeners, line, unread: facts.unread });
    if (diagnosis) return this.#heal(diagnosis, missing);
    // What the page holds without having to announce it, as after a lost line, is only caught up with.
    if (missing.length > 0) await this.#catchUp(missing);
    this.#markHealthy(line);
    await this.#suspect();
  }

  /** Nothing is known to be wrong with the line; what looks as if is met by opening another connection. */
  async #suspect(): Promise<void> {
    const suspicion = this.#isUnanswered() ? UNANSWERED : this.#isTooQuiet() ? TOO_QUIET : null;
    if (suspicion === null) return;
    this.#renewedAt = this.#deps.clock.elapsed();
    await this.#heal(suspicion);
  }

  /** Believed again only after a while: another connection costs little, one after the other would be a nuisance. */
  #isUnanswered(): boolean {
    const { session, clock } = this.#deps;
    const renewedLately = this.#renewedAt !== 0 && clock.elapsed() - this.#renewedAt < this.#limits.forgetMs;
    return this.#diagnosis === null && session.leavesUnanswered && !renewedLately;
  }

  /**
   * Without frames, a page that no longer works off what the server sends cannot be told from one to which nobody writes. The
   * server sends again over a new connection what was never confirmed.
   */
  #isTooQuiet(): boolean {
    const { session, clock, deadlines } = this.#deps;
    const lastReceivedAt = Math.max(session.lastReceivedAt ?? clock.elapsed(), this.#renewedAt);
    return this.#diagnosis === null && clock.elapsed() - lastReceivedAt >= deadlines.quietAfter;
  }

  #reportBusy({ page, silentMs }: LivenessView): void {
    const words = page === 'busy' ? busyWords(silentMs, this.#deps.deadlines.busyTold) : null;
    if (words === null) return;
    this.reportDegraded(words);
    this.#examineAt = 0;
  }

  /** It works, as far as can be known. */
  #markHealthy(line: ProbeOutcome): void {
    if (this.#diagnosis?.fault === 'half_open' && line !== 'ok') return;
    this.#diagnosis = null;
    if (this.#deps.clock.elapsed() < this.#toleratesUntil) return this.reportDegraded(TOLERATED);
    if (this.#unsent !== null) return this.reportDegraded(this.#unsent);
    if (this.#reported !== null || !this.#wasHealthy) this.#deps.signal({ kind: 'recovered' });
    this.#reported = null;
    this.#wasHealthy = true;
  }

  async #heal(diagnosis: Diagnosis, missing: readonly StoredMessage[] = []): Promise<void> {
    const { session, history, deadlines, clock, log } = this.#deps;
    const isUnread = diagnosis.fault === 'unread';
    const isSuspicion = diagnosis === TOO_QUIET || diagnosis === UNANSWERED;
    if (!isUnread && clock.elapsed() < this.#remedyUntil) {
      this.#diagnosis = diagnosis;
      return this.#catchUp(missing);
    }
    const last = isUnread ? history.lastForUnread : isSuspicion ? null : this.#last;
    const next = nextRemedy({ last, browsers: history.browsers }, diagnosis.fault, clock.elapsed(), this.#limits);
    const { decision } = next;
    this.#diagnosis = diagnosis;
    if (isUnread) history.lastForUnread = next.record.last;
    else this.#last = next.record.last;
    if (isUnread && (decision.do === 'reload' || decision.do === 'new_page'))
      this.#remedyUntil = clock.elapsed() + this.#limits.proofMs[decision.do];
    history.browsers = next.record.browsers;
    if (isUnread && decision.do !== 'wait') this.#toleratesUnread = decision.do === 'tolerate';
    if (decision.do === 'tolerate' || (isUnread && this.#toleratesUnread)) {
      // Nothing is under way from which the session would have to come back, and the rest is watched as ever.
      this.#diagnosis = null;
      this.#examineAt = clock.elapsed() + deadlines.examineEvery;
      if (!isUnread) this.#toleratesUntil = clock.elapsed() + this.#limits.forgetMs;
      this.reportDegraded(isUnread ? diagnosis.words : TOLERATED);
      await this.#catchUp(missing);
      return this.#suspect();
    }
    // Looked at again as soon as what is done may have helped.
    this.#examineAt = 0;
    if (decision.do === 'wait') return this.#catchUp(missing);
    if (decision.do === 'stop') {
      const reason = givenUp(diagnosis, this.#limits.newBrowsers, this.#limits.pauseMs);
      this.reportDegraded(diagnosis.words);
      return session.giveUp(reason, this.#limits.pauseMs);
    }
    if (isSuspicion && decision.do === 'refresh') {
      log.info({ suspicion: diagnosis === TOO_QUIET ? 'quiet' : 'unanswered' }, 'opening a new connection');
    } else {
      log.warn({ fault: diagnosis.fault, remedy: decision.do }, 'the session does not work; starting recovery');
      this.reportDegraded(withRemedy(diagnosis, decision.do));
    }
    // Told at once, whatever becomes of the page.
    if (decision.do !== 'refresh') await this.#catchUp(missing);
    await this.#applyRemedy(decision.do, diagnosis, missing).catch((error: unknown) =>
      log.warn({ reason: describe(error), remedy: decision.do }, 'a recovery step failed'),
    );
  }

  async #applyRemedy(remedy: Remedy, diagnosis: Diagnosis, missing: readonly StoredMessage[]): Promise<void> {
    const { session, facts, deadlines } = this.#deps;
    if (remedy === 'reload') return session.reload();
    if (remedy === 'new_page') return session.freshPage();
    if (remedy === 'new_browser') return session.giveUp(withRemedy(diagnosis, remedy));
    if (diagnosis.fault === 'half_open') return session.page.call(reconnect, deadlines.call);
    // What comes from now on waits until what was missed before it is reported.
    facts.hold(earliest(missing));
    try {
      await session.reattach();
    } finally {
      await this.#catchUp(missing);
    }
  }

  /** Reports what was missed; it goes on by itself where that takes longer than a moment. */
  async #catchUp(missing: readonly StoredMessage[]): Promise<void> {
    const { facts, catchUp, missedMessages, deadlines } = this.#deps;
    const from = earliest(missing);
    // Without a list of the chats it would hold up everybody in vain; everything is read once there is one.
    if (missing.length > 0 && facts.isListed) facts.hold(from);
    if (!facts.holding) return;
    // What has not been read yet stays missing, however long it takes.
    const settled = catchUp.run().then((released) => {
      if (released) missedMessages.settle(missing.filter(({ chat }) => !facts.owes(chat as ChatId)));
    });
    if (missing.length > 0) await within(settled, deadlines.examine, 'the catch-up').catch(() => undefined);
  }
}

/** In seconds; infinite if nothing is missing. */
const earliest = (missing: readonly StoredMessage[]): number =>
  missing.reduce((first, { t }) => Math.min(first, t), Infinity);

/**
 * Whether WhatsApp Web can be reached. While the network or the proxy is away no browser is to blame, and another one would
 * fare no better: this one goes on asking, which costs next to nothing, and goes on where it was as soon as something answers.
 */
import type { HTTPRequest, Page } from 'puppeteer';
import type { Clock } from '../../../ops/clock.ts';
import { DeadlineError } from '../../../ops/deadline.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import { messageOf } from '../../../ops/reason.ts';

/** Chromium's errors that mean that nothing was reached, not that something is wrong with what was. */
const UNREACHABLE =
  /ERR_(INTERNET_DISCONNECTED|NAME_|DNS_|CONNECTION_|ADDRESS_UNREACHABLE|NETWORK_|TIMED_OUT|EMPTY_RESPONSE|PROXY_CONNECTION_FAILED|TUNNEL_CONNECTION_FAILED|SOCKS_|QUIC_|HTTP2_PING_FAILED)\w*/;

/** Packets vanish on the way: nothing is refused, and Chromium itself would wait for minutes. */
const SWALLOWED = 'ERR_TIMED_OUT';

/** So many questions in a row must have found nothing before a load that is still under way begins again. */
const IN_VAIN = 2;
/** A load that has begun again so often is left to the deadline of the start: beginning again does not help it. */
const MAX_RESTARTS = 3;

/** The name of the error if it means that nothing was reached; null for any other. */
function unreachable(error: unknown): string | null {
  if (error instanceof DeadlineError) return SWALLOWED;
  return UNREACHABLE.exec(messageOf(error))?.[0] ?? null;
}

export interface ReachabilityDependencies {
  readonly page: Page;
  /** Where WhatsApp Web is. */
  readonly url: string;
  /** Milliseconds between two tries. */
  readonly every: number;
  /**
   * Asks for it apart from the page: null if it came, otherwise the name of the error. Rejects with a DeadlineError if nothing
   * came in time, and with any other error if that cannot be told.
   */
  readonly ask: () => Promise<string | null>;
  /** The page answers. While one does not, nothing may come because of it, and the network is not to blame. */
  readonly answers: () => boolean;
  /** The page has no line, or is not even loaded. */
  readonly isCutOff: () => boolean;
  /** Comes after each try that reached nothing. @param forMs since the first of them, in milliseconds */
  readonly away: (error: string, forMs: number) => void;
  /** It can be reached again, and the page that is there need not wait any longer before it tries. */
  readonly back: () => void;
  readonly clock: Clock;
  readonly until: AbortSignal;
}

export class Reachability {
  readonly #deps: ReachabilityDependencies;
  /** Loads of the page under way. */
  #loading = 0;
  /** Those of them that have been asked for and have not come; each begins again when it is called. */
  readonly #pending = new Set<() => void>();
  /** Nothing was reached since the page began to load for the last time: parts of it may be missing. */
  #isPatchy = false;
  #awaySince: number | null = null;
  #lastAwayAt: number | null = null;
  /** Questions in a row that found nothing. */
  #inVain = 0;
  /** How often a load under way has begun again, since the page worked for the last time. */
  #restarts = 0;
  /** Something that the page loads has come since nothing was reached for the first time: its load gets on. */
  #getsOn = false;

  constructor(deps: ReachabilityDependencies) {
    this.#deps = deps;
  }

  get isAway(): boolean {
    return this.#awaySince !== null;
  }

  /** When nothing was reached for the last time, as far as that prolongs a start, in milliseconds; null if that never happened. */
  get lastAwayAt(): number | null {
    return this.#lastAwayAt;
  }

  /** Part of something that the page loads has come. */
  loaded(): void {
    this.#getsOn = true;
  }

  /** From now on `goto` of the page, which whatsapp-web.js calls too, does not give up where nothing is reached. */
  watch(): void {
    const { page } = this.#deps;
    const goto = page.goto.bind(page);
    page.goto = (url, options) => this.#load(() => goto(url, options));
    page.on('requestfailed', (request) => this.#onFailed(request));
  }

  /** Asks regularly, while the page is being loaded or has no line, whether anything can be reached. */
  async run(): Promise<void> {
    const { every, clock, until } = this.#deps;
    const job = new PeriodicJob({
      run: () => this.#look(),
      every,
      // Whether anything can be reached cannot be told, so nothing changes.
      failed: () => undefined,
      clock,
    });
    await job.runUntil(until);
  }

  async #look(): Promise<void> {
    if (this.#isWaiting()) return this.#ask();
    if (this.#loading > 0) return;
    this.#awaySince = null;
    // It works, so that nothing of it is missing.
    this.#isPatchy = false;
    this.#restarts = this.#inVain = 0;
  }

  /**
   * Loads the page again, once that is possible, if parts of it may be missing because nothing was reached.
   *
   * @returns whether it did
   */
  async loadAgain(): Promise<boolean> {
    const { page, url, every, clock, until } = this.#deps;
    if (!this.#isPatchy) return false;
    while (this.isAway && !until.aborted) await clock.sleep(every, until).catch(() => undefined);
    if (until.aborted) return false;
    await page.goto(url, { timeout: 0 });
    return true;
  }

  /** A load that was tried in vain has told so itself, and is tried again. */
  #isWaiting(): boolean {
    return this.#loading > 0 ? this.#pending.size > 0 : this.#deps.isCutOff();
  }

  async #ask(): Promise<void> {
    const { ask, answers, back, until } = this.#deps;
    const name = await ask().then(
      (error) => (error === null ? null : unreachable(error)),
      (error: unknown) => {
        const late = unreachable(error);
        if (late === null) throw error;
        return late;
      },
    );
    if (until.aborted) return;
    // The page may have been quicker.
    const stillWaits = this.#isWaiting();
    if (name !== null) {
      if (!stillWaits || (name === SWALLOWED && !answers())) return;
      this.#inVain += 1;
      return this.#away(name);
    }
    const hangs = this.#inVain >= IN_VAIN && !this.#getsOn;
    this.#inVain = 0;
    if (!this.isAway) return;
    this.#awaySince = null;
    if (hangs) this.#beginAgain();
    if (stillWaits && this.#loading === 0) back();
  }

  #beginAgain(): void {
    if (this.#pending.size === 0 || this.#restarts >= MAX_RESTARTS) return;
    this.#restarts += 1;
    for (const beginAgain of this.#pending) beginAgain();
  }

  async #load<Result>(load: () => Promise<Result>): Promise<Result> {
    const { every, clock, until } = this.#deps;
    this.#loading += 1;
    try {
      for (;;) {
        try {
          const loaded = await this.#loadOnce(load);
          if (loaded === null) continue;
          this.#awaySince = null;
          return loaded.result;
        } catch (error) {
          const name = unreachable(error);
          if (name === null || until.aborted) throw error;
          this.#away(name);
          await clock.sleep(every, until).catch(() => undefined);
          if (until.aborted) throw error;
        }
      }
    } finally {
      this.#loading -= 1;
    }
  }

  /** Null if it should begin again: what was asked for while nothing could be reached may never come. */
  async #loadOnce<Result>(load: () => Promise<Result>): Promise<{ readonly result: Result } | null> {
    this.#isPatchy = this.#getsOn = false;
    this.#inVain = 0;
    let beginAgain: () => void = () => undefined;
    const given = new Promise<null>((resolve) => (beginAgain = () => resolve(null)));
    this.#pending.add(beginAgain);
    try {
      return await Promise.race([load().then((result) => ({ result })), given]);
    } finally {
      this.#pending.delete(beginAgain);
    }
  }

  #away(error: string): void {
    const now = this.#deps.clock.elapsed();
    if (this.#awaySince === null) this.#getsOn = false;
    this.#awaySince ??= now;
    this.#isPatchy = true;
    // Late answers to a load that has begun again often enough may as well be those of a line that is only too slow.
    if (error !== SWALLOWED || this.#restarts < MAX_RESTARTS) this.#lastAwayAt = now;
    this.#deps.away(error, now - this.#awaySince);
  }

  /** A reload that reaches nothing leaves an error page, which does not load itself again. */
  #onFailed(request: HTTPRequest): void {
    const { page, url, until } = this.#deps;
    if (this.#loading > 0 || until.aborted || !request.isNavigationRequest() || request.frame() !== page.mainFrame())
      return;
    if (unreachable(request.failure()?.errorText) !== null) page.goto(url, { timeout: 0 }).catch(() => undefined);
  }
}

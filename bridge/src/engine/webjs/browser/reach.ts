/**
 * Whether WhatsApp Web can be reached. While the network or the proxy is away no browser is to blame, and another one would
 * fare no better: this one goes on asking, which costs next to nothing, and goes on where it was as soon as something answers.
 */
import type { HTTPRequest, Page } from 'puppeteer';
import type { Clock } from '../../../ops/clock.ts';
import { messageOf } from '../../../ops/reason.ts';

/** Chromium's errors that mean that nothing was reached, not that something is wrong with what was. */
const UNREACHABLE =
  /ERR_(INTERNET_DISCONNECTED|NAME_|DNS_|CONNECTION_|ADDRESS_UNREACHABLE|NETWORK_|TIMED_OUT|EMPTY_RESPONSE|PROXY_CONNECTION_FAILED|TUNNEL_CONNECTION_FAILED|SOCKS_|QUIC_|HTTP2_PING_FAILED)\w*/;

/** The name of the error if it means that nothing was reached; null for any other. */
const unreachable = (error: unknown): string | null => UNREACHABLE.exec(messageOf(error))?.[0] ?? null;

export interface ReachParts {
  readonly page: Page;
  /** Where WhatsApp Web is. */
  readonly url: string;
  /** Milliseconds between two tries. */
  readonly every: number;
  /** Asks for it apart from the page: null if it came, otherwise the name of the error. Rejects if that cannot be told. */
  readonly ask: () => Promise<string | null>;
  /** The page is there and has lost its line. */
  readonly isCutOff: () => boolean;
  /** Comes after each try that reached nothing. @param forMs since the first of them, in milliseconds */
  readonly away: (error: string, forMs: number) => void;
  /** It can be reached again, and the page that is there need not wait any longer before it tries. */
  readonly back: () => void;
  readonly clock: Clock;
  readonly until: AbortSignal;
}

export class Reach {
  readonly #parts: ReachParts;
  /** Loads of the page under way. */
  #loading = 0;
  #awaySince: number | null = null;
  #lastAwayAt: number | null = null;

  constructor(parts: ReachParts) {
    this.#parts = parts;
  }

  get isAway(): boolean {
    return this.#awaySince !== null;
  }

  /** When nothing was reached for the last time, in milliseconds; null if that never happened. */
  get lastAwayAt(): number | null {
    return this.#lastAwayAt;
  }

  /** From now on `goto` of the page, which whatsapp-web.js calls too, does not give up where nothing is reached. */
  watch(): void {
    const { page } = this.#parts;
    const goto = page.goto.bind(page);
    page.goto = (url, options) => this.#load(() => goto(url, options));
    page.on('requestfailed', (request) => this.#onFailed(request));
  }

  /** Asks regularly, while the page has no line, whether it could have one. */
  async keep(): Promise<void> {
    const { every, clock, until, isCutOff } = this.#parts;
    while (!until.aborted) {
      await clock.sleep(every, until).catch(() => undefined);
      if (until.aborted || this.#loading > 0) continue;
      if (isCutOff()) await this.#ask().catch(() => undefined);
      else this.#awaySince = null;
    }
  }

  async #ask(): Promise<void> {
    const { ask, back, isCutOff, until } = this.#parts;
    const error = await ask();
    if (until.aborted) return;
    const name = error === null ? null : unreachable(error);
    if (name !== null) return this.#away(name);
    if (!this.isAway) return;
    this.#awaySince = null;
    // It may have been quicker.
    if (isCutOff()) back();
  }

  async #load<Result>(load: () => Promise<Result>): Promise<Result> {
    const { every, clock, until } = this.#parts;
    this.#loading += 1;
    try {
      for (;;) {
        try {
          const loaded = await load();
          this.#awaySince = null;
          return loaded;
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

  #away(error: string): void {
    const now = this.#parts.clock.now();
    this.#awaySince ??= now;
    this.#lastAwayAt = now;
    this.#parts.away(error, now - this.#awaySince);
  }

  /** A reload that reaches nothing leaves an error page, which does not load itself again. */
  #onFailed(request: HTTPRequest): void {
    const { page, url, until } = this.#parts;
    if (this.#loading > 0 || until.aborted || !request.isNavigationRequest() || request.frame() !== page.mainFrame())
      return;
    if (unreachable(request.failure()?.errorText) !== null) page.goto(url, { timeout: 0 }).catch(() => undefined);
  }
}

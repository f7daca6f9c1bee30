/**
 * What time it is for WhatsApp, whose servers stamp the messages. This machine's clock can be minutes or hours off, so it is
 * compared with the server's, and taken as it is only where the server does not say.
 */
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { readServerTime } from '../page/page-login.ts';

/** Beyond that it is worth telling, in milliseconds. */
const TOLD_FROM_MS = 60_000;

export class ServerClock {
  readonly #page: () => PageCalls;
  readonly #deadlines: Pick<Deadlines, 'call'>;
  readonly #clock: Clock;
  readonly #log: Log;
  #aheadMs: number | null = null;

  /** @param page throws TransportError where there is none */
  constructor(page: () => PageCalls, deadlines: Pick<Deadlines, 'call'>, clock: Clock, log: Log) {
    this.#page = page;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
  }

  /** Seconds since the epoch, by WhatsApp's clock. */
  get seconds(): number {
    return this.at(this.#clock.now());
  }

  /** What WhatsApp's clock showed, in seconds, when this machine's showed so many milliseconds. */
  at(ms: number): number {
    return Math.floor((ms - (this.#aheadMs ?? 0)) / 1000);
  }

  /**
   * Asks the server. The last answer holds, since either clock may be set while the session runs.
   *
   * @returns whether it answered
   */
  async measure(): Promise<boolean> {
    try {
      const before = this.#clock.now();
      const serverMs = await this.#page().call(readServerTime, this.#deadlines.call);
      if (serverMs === null) return false;
      const aheadMs = Math.round((before + this.#clock.now()) / 2 - serverMs);
      this.#aheadMs = aheadMs;
      if (Math.abs(aheadMs) >= TOLD_FROM_MS)
        this.#log.warn({ aheadSeconds: Math.round(aheadMs / 1000) }, "this machine's clock differs from WhatsApp's");
      return true;
    } catch {
      // The page is away.
      return false;
    }
  }
}

/**
 * What time it is for WhatsApp, whose servers stamp the messages. This machine's clock can be minutes or hours off, and can be
 * set meanwhile, so the server is asked and the time counted from there; this machine's clock is taken only if it does
 * not say.
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
  /** WhatsApp's time less the time elapsed, in milliseconds; null until it was asked. */
  #sinceEpoch: number | null = null;

  /** @param page throws TransportError if there is none */
  constructor(page: () => PageCalls, deadlines: Pick<Deadlines, 'call'>, clock: Clock, log: Log) {
    this.#page = page;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
  }

  /** Seconds since the epoch, by WhatsApp's clock. */
  get seconds(): number {
    return this.at(this.#clock.elapsed());
  }

  /** What WhatsApp's clock showed, in seconds, when so many milliseconds had elapsed. */
  at(elapsedMs: number): number {
    const ownTime = this.#clock.now() - this.#clock.elapsed();
    return Math.floor((elapsedMs + (this.#sinceEpoch ?? ownTime)) / 1000);
  }

  /**
   * Asks the server. The last answer holds.
   *
   * @returns whether it answered
   */
  async measure(): Promise<boolean> {
    try {
      const before = this.#clock.elapsed();
      const serverMs = await this.#page().call(readServerTime, this.#deadlines.call);
      if (serverMs === null) return false;
      const after = this.#clock.elapsed();
      this.#sinceEpoch = serverMs - (before + after) / 2;
      const aheadMs = this.#clock.now() - after - this.#sinceEpoch;
      if (Math.abs(aheadMs) >= TOLD_FROM_MS)
        this.#log.warn({ aheadSeconds: Math.round(aheadMs / 1000) }, "this machine's clock differs from WhatsApp's");
      return true;
    } catch {
      // The page is away.
      return false;
    }
  }
}

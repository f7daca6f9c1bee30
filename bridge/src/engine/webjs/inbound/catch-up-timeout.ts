/**
 * How long events wait for what was missed before them: no longer than a limit while the page answers, whatever keeps it
 * from telling. A page that is away or busy is waited for, since nothing new comes from it either.
 */
import type { ChatId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { FactReporter } from './fact-reporter.ts';

const LOOK_MS = 1_000;

export interface CatchUpTimeoutDependencies {
  readonly facts: Pick<FactReporter, 'holds' | 'waiting' | 'owing' | 'isListed'>;
  readonly answers: () => boolean;
  /** Grows with everything that was read. */
  readonly progress: () => number;
  /** The events of these chats have waited for long enough, or those of all because not even the chats are known. */
  readonly giveUpOn: (chats: readonly ChatId[] | 'all') => void;
  readonly limitMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

export class CatchUpTimeout {
  readonly #deps: CatchUpTimeoutDependencies;
  /** How long events of each chat have waited, and how long nothing was read, in milliseconds. */
  #waited = new Map<ChatId, number>();
  #idle = 0;
  #progress = 0;
  #hold = -1;

  constructor(deps: CatchUpTimeoutDependencies) {
    this.#deps = deps;
  }

  /** Looks regularly until the signal comes. */
  async run(until: AbortSignal): Promise<void> {
    const { clock, limitMs, answers, log } = this.#deps;
    const every = Math.min(LOOK_MS, limitMs / 10);
    const job = new PeriodicJob({
      run: () => {
        if (answers()) this.#check(every);
      },
      every,
      failed: (error) => log.error({ err: error }, 'the wait for missed messages could not be checked'),
      clock,
    });
    await job.runUntil(until);
  }

  #check(ms: number): void {
    const { facts, progress, giveUpOn, limitMs } = this.#deps;
    if (facts.holds !== this.#hold) this.#begin();
    this.#idle = progress() === this.#progress ? this.#idle + ms : 0;
    this.#progress = progress();
    if (this.#idle >= limitMs) return giveUpOn(facts.isListed ? facts.owing(false) : 'all');
    if (!facts.isListed) return;
    this.#waited = new Map(facts.waiting.map((chat) => [chat, (this.#waited.get(chat) ?? 0) + ms]));
    const tooLong = [...this.#waited].filter(([, waited]) => waited >= limitMs).map(([chat]) => chat);
    if (tooLong.length > 0) giveUpOn(tooLong);
  }

  #begin(): void {
    this.#hold = this.#deps.facts.holds;
    this.#waited = new Map();
    this.#idle = 0;
  }
}

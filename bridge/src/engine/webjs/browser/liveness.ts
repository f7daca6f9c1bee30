/**
 * Whether the browser and its page live, judged apart from the page's calls and on a timer of its own. A browser that does
 * not answer is dead; a page that does not may be busy (`silence.ts`). Only one question to the page is open at a time,
 * so that a busy page is not given more to do.
 */
import type { Clock } from '../../../ops/clock.ts';
import { within } from '../../../ops/deadline.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { Deadlines } from '../deadlines.ts';
import { type CpuSample, judgeSilence, type PageState } from './silence.ts';
import type { BrowserProbe } from './browser-probe.ts';

type Limits = Pick<
  Deadlines,
  'livenessEvery' | 'browserAnswer' | 'browserMisses' | 'pageSilent' | 'hungAfter' | 'busyAtMost'
>;

export interface LivenessView {
  readonly browser: 'answers' | 'silent' | 'unknown';
  /** Name and version, once it has answered. */
  readonly version: string | null;
  readonly page: PageState;
  /** For how long the page has owed an answer, in milliseconds. */
  readonly silentMs: number;
}

export class Liveness {
  readonly #probe: Pick<BrowserProbe, 'browserVersion' | 'rendererSeconds' | 'ping'>;
  readonly #limits: Limits;
  readonly #clock: Clock;
  readonly #onBrowserDead: (reason: string) => void;
  readonly #log: Log;
  #version: string | null = null;
  #browserMisses = 0;
  /** The question to the page that is open; an answer to an earlier one no longer counts. */
  #open: object | null = null;
  /** When the page was asked what it has not answered. */
  #since: number | null = null;
  #samples: CpuSample[] = [];
  #lookedAt: number | null = null;

  constructor(
    probe: Pick<BrowserProbe, 'browserVersion' | 'rendererSeconds' | 'ping'>,
    limits: Limits,
    clock: Clock,
    onBrowserDead: (reason: string) => void,
    log: Log,
  ) {
    this.#probe = probe;
    this.#limits = limits;
    this.#clock = clock;
    this.#onBrowserDead = onBrowserDead;
    this.#log = log;
  }

  /** Asks regularly until the signal comes. */
  async run(until: AbortSignal): Promise<void> {
    const job = new PeriodicJob({
      run: async (stopped) => {
        await this.#look();
        if (this.#browserMisses < this.#limits.browserMisses || stopped.aborted) return;
        job.end();
        this.#onBrowserDead('the browser is not responding');
      },
      every: this.#limits.livenessEvery,
      runsAtStart: true,
      failed: (error) => this.#log.error({ err: error }, 'whether the browser is alive could not be checked'),
      clock: this.#clock,
    });
    await job.runUntil(until);
  }

  async #look(): Promise<void> {
    this.#noticePause();
    await Promise.all([this.#askBrowser(), this.#askPage()]);
    this.#lookedAt = this.#clock.elapsed();
  }

  get view(): LivenessView {
    const now = this.#clock.elapsed();
    return {
      browser: this.#browserMisses > 0 ? 'silent' : this.#version === null ? 'unknown' : 'answers',
      version: this.#version,
      page: judgeSilence(this.#since, this.#samples, now, this.#limits),
      silentMs: this.#since === null ? 0 : now - this.#since,
    };
  }

  /** The page is reloaded: what it was asked before no longer counts. */
  reset(): void {
    this.#open = null;
    this.#since = null;
    this.#samples = [];
  }

  /** Where this machine slept or this process stood still, the page could not answer either. */
  #noticePause(): void {
    const usual = this.#limits.livenessEvery + this.#limits.pageSilent;
    if (this.#lookedAt !== null && this.#clock.elapsed() - this.#lookedAt > usual) this.reset();
  }

  async #askBrowser(): Promise<void> {
    try {
      this.#version = await within(this.#probe.browserVersion(), this.#limits.browserAnswer, 'asking the browser');
      this.#browserMisses = 0;
    } catch {
      this.#browserMisses += 1;
    }
  }

  async #askPage(): Promise<void> {
    const owes = this.#since !== null;
    if (this.#open === null) this.#ask();
    if (owes) await this.#sample();
  }

  #ask(): void {
    const question = {};
    this.#open = question;
    // A question that fails is not an answer: the silence counts from the first of them.
    this.#since ??= this.#clock.elapsed();
    this.#probe.ping().then(
      () => this.#open === question && this.reset(),
      () => this.#open === question && (this.#open = null),
    );
  }

  async #sample(): Promise<void> {
    const read = within(this.#probe.rendererSeconds(), this.#limits.browserAnswer, 'reading the processor time');
    const cpuSeconds = await read.catch(() => null);
    if (cpuSeconds !== null && this.#since !== null) this.#samples.push({ at: this.#clock.elapsed(), cpuSeconds });
  }
}

/**
 * Looks at the memory of a session regularly. WhatsApp Web grows for as long as it runs (users report 400 MB to 2.7 GB),
 * and a cap on the page's heap would only turn that into a crashed page: above a ceiling the browser is exchanged in an
 * orderly way instead.
 */
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { HealthCheck } from '../../../contract/views/session.ts';
import { describe } from '../page/page-reason.ts';
import { memoryOfGroup } from './session-memory.ts';

export interface MemoryLimits {
  /** Above this, in bytes; 0 for no ceiling. */
  readonly ceilingBytes: number;
  /** How often it is looked at, in milliseconds. */
  readonly everyMs: number;
  /** So many looks in a row above the ceiling: one alone may have met a large file on its way. */
  readonly looks: number;
  /** Not again before this many milliseconds, whatever it uses. */
  readonly notAgainMs: number;
}

export const MEMORY_LIMITS: MemoryLimits = {
  ceilingBytes: 1536 * 1024 ** 2,
  everyMs: 30_000,
  looks: 2,
  notAgainMs: 15 * 60_000,
};

const AGAIN_SOON = 6;

export interface MemoryWatchDependencies {
  /** The browser's process; null while there is none. */
  readonly pid: () => number | null;
  /** Whether the session could be interrupted now: one that is on its way to ready is left alone. */
  readonly settled: () => boolean;
  /** Exchanges the browser; the reason is for a person. */
  readonly renew: (reason: string) => void;
  /** Told after each look; null at the end. */
  readonly measured: (bytes: number | null) => void;
  readonly limits: MemoryLimits;
  readonly clock: Clock;
  readonly log: Log;
  /** Replaced in tests. */
  readonly measure?: (pid: number) => Promise<number | null>;
}

export class MemoryWatch {
  readonly #deps: MemoryWatchDependencies;
  /** When the browser was exchanged for its memory; outlives each browser. */
  #renewedAt = -Infinity;
  #last: number | null = null;
  #above = 0;

  constructor(deps: MemoryWatchDependencies) {
    this.#deps = deps;
  }

  /** Bytes at the last look; null before the first. */
  get lastBytes(): number | null {
    return this.#last;
  }

  get ceilingBytes(): number {
    return this.#deps.limits.ceilingBytes;
  }

  /** Checks until the signal comes: once for each run of a browser. */
  async run(until: AbortSignal): Promise<void> {
    const { clock, limits, measured, log } = this.#deps;
    this.#above = 0;
    const job = new PeriodicJob({
      run: () => this.#check(),
      // What is above the ceiling is looked at again soon.
      every: () => (this.#above > 0 ? limits.everyMs / AGAIN_SOON : limits.everyMs),
      failed: (error) => log.warn({ reason: describe(error) }, 'the memory of the session could not be measured'),
      clock,
    });
    await job.runUntil(until);
    this.#last = null;
    measured(null);
  }

  async #check(): Promise<void> {
    const { pid, measure = memoryOfGroup, measured } = this.#deps;
    const leader = pid();
    if (leader === null) return;
    const bytes = await measure(leader);
    if (bytes === null) return;
    this.#last = bytes;
    measured(bytes);
    this.#judge(bytes);
  }

  #judge(bytes: number): void {
    const { limits, settled, renew, clock } = this.#deps;
    if (limits.ceilingBytes === 0 || bytes <= limits.ceilingBytes) {
      this.#above = 0;
      return;
    }
    this.#above += 1;
    const now = clock.elapsed();
    if (this.#above < limits.looks || !settled() || now - this.#renewedAt < limits.notAgainMs) return;
    this.#renewedAt = now;
    this.#above = 0;
    renew(
      `its browser used ${size(bytes)}, more than the limit of ${size(limits.ceilingBytes)}, and is being restarted`,
    );
  }
}

/** What the session's health says of it. */
export function memoryCheck({ lastBytes, ceilingBytes }: Pick<MemoryWatch, 'lastBytes' | 'ceilingBytes'>): HealthCheck {
  const name = 'memory';
  if (lastBytes === null) return { name, state: 'unknown', detail: 'not measured yet' };
  const uses = `its browser uses ${size(lastBytes)}`;
  if (ceilingBytes === 0) return { name, state: 'ok', detail: `${uses}; no limit is set` };
  return lastBytes <= ceilingBytes
    ? { name, state: 'ok', detail: `${uses}; the limit is ${size(ceilingBytes)}` }
    : { name, state: 'failed', detail: `${uses}, more than the limit of ${size(ceilingBytes)}` };
}

/** For a person: `1.6 GiB`, `640 MiB`. */
export function size(bytes: number): string {
  const mib = bytes / 1024 ** 2;
  return mib >= 1024 ? `${(mib / 1024).toFixed(1)} GiB` : `${Math.round(mib)} MiB`;
}

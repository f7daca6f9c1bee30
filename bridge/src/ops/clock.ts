/** Time as a dependency, so that logic with deadlines can be tested without waiting for them. */
import { openSync, readSync } from 'node:fs';
import { uptime } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since the epoch, as this machine's clock shows them; that may be set meanwhile, back or forward. */
  now(): number;
  /**
   * Milliseconds since some moment in the past, for durations: they pass however this machine's clock is set, also while it
   * sleeps.
   */
  elapsed(): number;
  /** Resolves after `ms` milliseconds; rejects with an AbortError when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How coarse the time since a machine's start may be; macOS counts it in seconds. */
const COARSE_MS = 2_000;

/** How often the time since the machine's start is read: the reading costs more than a frame that asks for the time. */
const LOOK_EVERY_MS = 1;

/**
 * Counts the time that passes, in milliseconds, whatever the time of day.
 *
 * @param awake does not count the time for which this machine sleeps
 * @param sinceBoot counts that too, but is coarse; throws while it cannot be read
 */
export function countElapsed(awake: () => number, sinceBoot: () => number): () => number {
  const sleptSoFar = (): number | null => {
    try {
      return sinceBoot() - awake();
    } catch {
      return null;
    }
  };
  let before = sleptSoFar();
  let slept = 0;
  let looked = -Infinity;
  return () => {
    if (awake() - looked >= LOOK_EVERY_MS) {
      looked = awake();
      const now = sleptSoFar();
      before ??= now;
      if (now !== null && before !== null && now - before - slept >= COARSE_MS) slept = now - before;
    }
    return Math.floor(awake() + slept);
  };
}

/** Stays open: the time is asked for with every frame and message, and opening a file each time would cost more than the rest. */
let uptimeFile: number | null = null;
const uptimeText = Buffer.alloc(64);

/**
 * Milliseconds since this machine, or the container, was started. Read here on Linux: where `uptime` of Node cannot open the same
 * file, as when too many are open, it counts from another start, which would look like a sleep.
 *
 * @throws Error while it cannot be read
 */
function sinceBoot(): number {
  if (process.platform !== 'linux') return uptime() * 1_000;
  uptimeFile ??= openSync('/proc/uptime', 'r');
  const length = readSync(uptimeFile, uptimeText, 0, uptimeText.length, 0);
  return Number.parseFloat(uptimeText.toString('latin1', 0, length)) * 1_000;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: countElapsed(() => performance.now(), sinceBoot),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
};

/** Time as a dependency, so that logic with deadlines can be tested without waiting for them. */
import { setTimeout as wait } from 'node:timers/promises';

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms` milliseconds; rejects with an AbortError when the signal fires first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) => wait(ms, undefined, signal ? { signal } : {}),
};

/**
 * The time of another clock, which stands still where that one goes back: for durations that include the time for which
 * this machine slept, which `steadyClock` does not count.
 */
export function forwardClock(clock: Clock): Clock {
  let latest = -Infinity;
  let setBackBy = 0;
  const now = (): number => {
    const shown = clock.now();
    if (shown + setBackBy < latest) setBackBy = latest - shown;
    latest = shown + setBackBy;
    return latest;
  };
  return { now, sleep: (ms, signal) => clock.sleep(ms, signal) };
}

/**
 * A clock that starts at the time of another and then only ever moves on, however that one is set meanwhile: for
 * durations and for times that are compared within one run of the process. Whole milliseconds, like any other clock
 * here: they reach frames and columns of integers.
 */
export function steadyClock(clock: Clock): Clock {
  const offset = clock.now() - performance.now();
  return { now: () => Math.floor(offset + performance.now()), sleep: (ms, signal) => clock.sleep(ms, signal) };
}

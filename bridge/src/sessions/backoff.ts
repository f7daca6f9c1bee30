import { doubledMs } from '../ops/backoff.ts';

/** How long a session waits before its engine is launched again. */
export interface Backoff {
  /** First wait and longest wait, in milliseconds. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/**
 * The wait doubles with each launch that did not last, up to the longest; half of it is chance, so that sessions that
 * fell together do not return together.
 *
 * @param attempt launches that did not last, from 1
 * @param random  a number in [0, 1)
 * @returns milliseconds
 */
export function backoffMs({ firstMs, longestMs }: Backoff, attempt: number, random: number): number {
  const full = doubledMs(firstMs, longestMs, attempt);
  return Math.round(full / 2 + (full / 2) * random);
}

/** How long to wait before a further try. */

/**
 * A wait that doubles with each try, up to the longest.
 *
 * @param attempt tries that failed, from 1; fewer count as 1
 * @returns milliseconds
 */
export const doubledMs = (firstMs: number, longestMs: number, attempt: number): number =>
  Math.min(longestMs, firstMs * 2 ** Math.min(30, Math.max(0, attempt - 1)));

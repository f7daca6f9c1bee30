/**
 * Every number that is stored is a time, a position, a size or a count. SQLite would keep a fraction where PostgreSQL cannot,
 * and a number that is none as null.
 *
 * @returns the nearest whole number that both databases give back as it was
 * @throws TypeError for NaN
 */
export function wholeNumber(value: number): number {
  if (Number.isSafeInteger(value)) return value;
  if (Number.isNaN(value)) throw new TypeError('NaN cannot be stored');
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(Math.round(value), Number.MAX_SAFE_INTEGER));
}

/** Values on which databases differ, if they do. */

/** A time of the tests, in milliseconds since the epoch: beyond what 32 bits hold. */
export const NOW = 1_790_000_000_000;

/** The largest time, position or size that a number holds. */
export const LARGEST = Number.MAX_SAFE_INTEGER;

/** Quotes, wildcards, placeholders, composed and decomposed letters, another direction, and letters of four bytes. */
export const TEXT = `O'Brien "said" \\n 100% _ ? $1 :a ;-- é e\u0301 \u202Eעברית\u202C 👩‍👩‍👧 \n\t`;

/** Of equal letters but for case, accents and punctuation, in the order of their bytes. */
export const BY_BYTES = [
  '10',
  '9',
  'A',
  'AB',
  'Ab',
  'B',
  'Z',
  '_',
  'a',
  'aB',
  'ab',
  'b',
  'z',
  'É',
  'é',
  'ﬀ',
  '😀',
] as const;

/** The same in an order that is none. */
export const SHUFFLED = BY_BYTES.filter((_, index) => index % 2 === 1)
  .reverse()
  .concat(BY_BYTES.filter((_, index) => index % 2 === 0));

/** What a rejected write of `together` was rejected with; undefined if it succeeded. */
export const reasonOf = (outcome: PromiseSettledResult<unknown>): unknown =>
  outcome.status === 'rejected' ? outcome.reason : undefined;

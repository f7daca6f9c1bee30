/** What became of a command. */
import { expect } from '@jest/globals';

export interface Result {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Parses what a command printed that had to succeed without a word on stderr. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any
export function jsonOf({ code, out, err }: Result): any {
  expect({ code, err, wrong: code === 0 ? null : out }).toEqual({ code: 0, err: '', wrong: null });
  return JSON.parse(out);
}

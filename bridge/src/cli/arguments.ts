/** What people write on the command line, checked before anything is asked of the bridge, so that errors are sentences. */
import { InvalidArgumentError, Option } from 'commander';
import { nearest } from '../config/suggest.ts';
import { WabError, type ErrorCode } from '../contract/errors.ts';
import {
  DEAD_LETTER_ID_PATTERN,
  KEY_ID_PATTERN,
  OUTBOX_ID_PATTERN,
  SESSION_NAME_PATTERN,
  type SessionName,
} from '../contract/ids.ts';
import { ArgumentError } from './command.ts';

/** An id as the bridge makes them, or the error that a bridge would answer if it had been asked for it. */
const idOf =
  (pattern: string, code: ErrorCode, detail: string) =>
  (written: string): string => {
    if (!new RegExp(pattern).test(written)) throw new WabError(code, { [detail]: written });
    return written;
  };

const BY_PATTERN: Readonly<Record<string, (written: string) => string>> = {
  [SESSION_NAME_PATTERN]: sessionName,
  [OUTBOX_ID_PATTERN]: idOf(OUTBOX_ID_PATTERN, 'WAB_OUTBOX_NOT_FOUND', 'id'),
  [DEAD_LETTER_ID_PATTERN]: idOf(DEAD_LETTER_ID_PATTERN, 'WAB_DEAD_LETTER_NOT_FOUND', 'id'),
  [KEY_ID_PATTERN]: idOf(KEY_ID_PATTERN, 'WAB_KEY_NOT_FOUND', 'keyId'),
};

/** Checks what was written for a field with this pattern; undefined if the pattern is not known. */
export const parserOf = (pattern: string): ((written: string) => string) | undefined => BY_PATTERN[pattern];

/** @throws ArgumentError if no session can have this name */
export function sessionName(written: string | undefined): SessionName {
  if (written !== undefined && new RegExp(SESSION_NAME_PATTERN).test(written)) return written as SessionName;
  throw new ArgumentError(
    `"${written ?? ''}" cannot be the name of a session. Use up to 63 lower-case letters, digits, - and _, for example support.`,
  );
}

/** An option that takes names of a known list, comma-separated. */
export function knownList(flags: string, description: string, what: string, known: readonly string[]): Option {
  return new Option(flags, description).argParser((text: string) => {
    const names = text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '');
    const foreign = names.find((name) => !known.includes(name));
    if (foreign !== undefined) throw new InvalidArgumentError(unknown(what, foreign, known));
    if (names.length === 0) throw new InvalidArgumentError(`Give at least one ${what}.`);
    return [...new Set(names)];
  });
}

/** An option that takes names of sessions, comma-separated. */
export const sessionList = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) => {
    const names = text.split(',').map((name) => name.trim());
    for (const name of names) {
      try {
        sessionName(name);
      } catch (error) {
        throw new InvalidArgumentError((error as Error).message);
      }
    }
    return [...new Set(names)];
  });

/** An option that takes a moment in the future. */
export const futureTime = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) => {
    const at = new Date(text);
    if (Number.isNaN(at.getTime()))
      throw new InvalidArgumentError('Use a date, for example 2030-12-31 or 2030-12-31T18:00:00Z.');
    if (at.getTime() <= Date.now()) throw new InvalidArgumentError('This date is in the past.');
    return at.toISOString();
  });

/** An option that takes a number from 0 to 1. */
export const probability = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= 0 && value <= 1))
      throw new InvalidArgumentError('Use a number from 0 to 1, for example 0.5.');
    return value;
  });

function unknown(what: string, written: string, known: readonly string[]): string {
  const guess = nearest(written, known);
  return `There is no ${what} ${written}.${guess === null ? '' : ` Did you mean ${guess}?`} Known: ${known.join(', ')}.`;
}

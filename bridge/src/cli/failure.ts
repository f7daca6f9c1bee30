/** Failures as sentences: the catalogue's own, whether they arose here or came from the bridge. */
import { WabError, type ErrorCode } from '../contract/errors.ts';
import { messageOf } from '../ops/reason.ts';
import { ProblemError } from './client.ts';

/** Whether the bridge answered with this problem. */
export const isProblem = (error: unknown, code: ErrorCode): boolean =>
  error instanceof ProblemError && error.code === code;

/**
 * What is printed on stderr: a sentence for people, or one JSON object.
 *
 * @param hint one more sentence for people, with a space before it
 */
export function errorLines(error: unknown, json: boolean, hint = ''): string {
  const code = error instanceof WabError || error instanceof ProblemError ? error.code : 'WAB_INTERNAL';
  const message = messageOf(error);
  return json
    ? JSON.stringify({ error: { code, message } })
    : `${message}${hint}${code === 'WAB_INTERNAL' ? '' : ` (${code})`}`;
}

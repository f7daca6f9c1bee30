/** Failures as sentences: the catalogue's own, whether they arose here or came from the bridge. */
import { ERRORS, WabError, type ErrorCode } from '../contract/errors.ts';
import { messageOf } from '../ops/reason.ts';
import { ProblemError } from './client.ts';
import { ArgumentError } from './command.ts';

/** Whether the bridge answered with this problem. */
export const isProblem = (error: unknown, code: ErrorCode): boolean =>
  error instanceof ProblemError && error.code === code;

/**
 * What is printed on stderr: a sentence for people, or one JSON object.
 *
 * @param hint one more sentence for people, with a space before it
 */
export function errorLines(error: unknown, json: boolean, hint = ''): string {
  const code = codeOf(error);
  const message = code === 'WAB_INVALID_REQUEST' ? withoutSchema(messageOf(error)) : messageOf(error);
  return json
    ? JSON.stringify({ error: { code, message } })
    : `${message}${hint}${code === 'WAB_INTERNAL' || error instanceof ArgumentError ? '' : ` (${code})`}`;
}

function codeOf(error: unknown): string {
  if (error instanceof ArgumentError) return 'WAB_INVALID_REQUEST';
  return error instanceof WabError || error instanceof ProblemError ? error.code : 'WAB_INTERNAL';
}

const [SCHEMA_BEFORE = '', SCHEMA_AFTER = ''] = ERRORS.WAB_INVALID_REQUEST.message.split('{reason}');

/** A command line is not a request with a schema, and who wrote it has no use for an OpenAPI document. */
function withoutSchema(message: string): string {
  if (!message.startsWith(SCHEMA_BEFORE)) return message;
  const reason = message.slice(SCHEMA_BEFORE.length).replace(SCHEMA_AFTER, '');
  return `The bridge does not accept this: ${reason}. Add --help to see the arguments and options.`;
}

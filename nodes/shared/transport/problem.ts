/** Failures of the bridge as n8n shows them: the sentence of the error catalogue, its code, and what to look at next. */
import { NodeApiError, jsonParse, type INode } from 'n8n-workflow';
import { describeUnreachable } from '../../../credentials/unreachable';
import { ERROR_CODES, type ErrorCode, type Problem } from '../contract.generated';
import { markUnavailable } from './retry';

const RETRY_HELPS = 'The same request may succeed later: turn on Retry On Fail in the settings of the node.';

/** What a bridge that restarts looks like from outside. */
const UNAVAILABLE_CODES = [
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'EAI_AGAIN',
  'ENOTFOUND',
  'ETIMEDOUT',
  'ECONNABORTED',
];

/** What a proxy says for a bridge that restarts, or that answered later than the proxy waits. */
const PROXY_STATUSES = [502, 503, 504];

const at = (itemIndex: number | undefined): { itemIndex?: number } => (itemIndex === undefined ? {} : { itemIndex });

/** An error for an answer that was not 2xx. */
export function problemError(
  node: INode,
  answer: { readonly status: number; readonly body: Buffer; readonly baseUrl: string },
  itemIndex?: number,
): NodeApiError {
  const problem = jsonParse<Partial<Problem>>(answer.body.toString('utf8'), { fallbackValue: {} });
  const httpCode = String(answer.status);
  if (typeof problem.code !== 'string' || typeof problem.detail !== 'string') {
    const redirected = answer.status >= 300 && answer.status < 400;
    const error = new NodeApiError(
      node,
      { status: answer.status },
      {
        ...at(itemIndex),
        httpCode,
        message: `${answer.baseUrl} answered with status ${answer.status}, but the answer is not from wabridge.`,
        description: redirected
          ? 'It redirects, and a signed request cannot follow a redirect. Set the base URL of the credential to the final address.'
          : 'Check the base URL of the credential, and any proxy between n8n and the bridge.',
      },
    );
    return PROXY_STATUSES.includes(answer.status) ? markUnavailable(error) : error;
  }
  // n8n logs the message of an error, and what was given may be a phone number: the description is shown only.
  const [message = '', given = ''] = problem.detail.split(/ (?=Given: ")/);
  const error = new NodeApiError(
    node,
    { ...problem, detail: message },
    {
      ...at(itemIndex),
      httpCode,
      message,
      description: [given, `Error code ${problem.code}.`, isRetryable(problem.code) ? RETRY_HELPS : '']
        .filter((sentence) => sentence !== '')
        .join(' '),
    },
  );
  error.context['code'] = problem.code;
  return answer.status === 503 && isRetryable(problem.code) ? markUnavailable(error) : error;
}

/** An error for a request that got no answer. */
export function unreachableError(node: INode, baseUrl: string, cause: unknown, itemIndex?: number): NodeApiError {
  const message = cause instanceof Error ? cause.message : String(cause);
  // n8n puts words of its own in place of a message that holds a code such as ECONNREFUSED.
  const [why, code] = splitCode(describeUnreachable(cause));
  const error = new NodeApiError(
    node,
    { message },
    {
      ...at(itemIndex),
      message: `The bridge at ${baseUrl} cannot be reached: ${why}.`,
      description:
        (code === '' ? '' : `${code}. `) +
        'Check that wabridge is running and that n8n can reach the base URL of the credential (inside Docker, localhost is the container itself).',
    },
  );
  return UNAVAILABLE_CODES.includes(code) ? markUnavailable(error) : error;
}

/** `nothing listens there (ECONNREFUSED)` → both parts. */
function splitCode(text: string): [why: string, code: string] {
  const match = /^(.*) \(([A-Z_]+)\)$/.exec(text);
  return match === null ? [text, ''] : [match[1] ?? '', match[2] ?? ''];
}

const isRetryable = (code: string): boolean =>
  (ERROR_CODES as Record<string, { retryable: boolean } | undefined>)[code]?.retryable ?? false;

/** The catalogue's code of an error that the bridge answered with, or null where it did not answer. */
export function codeOf(error: unknown): ErrorCode | null {
  const code = error instanceof NodeApiError ? error.context['code'] : undefined;
  return typeof code === 'string' ? (code as ErrorCode) : null;
}

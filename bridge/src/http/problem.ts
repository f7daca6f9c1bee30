/** Errors on the wire: RFC 9457 `application/problem+json`, filled from the catalogue. */
import type { WabError } from '../contract/errors.ts';
import type { Problem } from '../contract/views/problem.ts';

export const PROBLEM_TYPE = 'application/problem+json';

/** The wire form of an error of the catalogue. */
export function problemOf(error: WabError, requestId: string): Problem {
  const words = error.code.slice('WAB_'.length).toLowerCase().replaceAll('_', ' ');
  return {
    type: `urn:wabridge:error:${error.code}`,
    title: words[0]!.toUpperCase() + words.slice(1),
    status: error.status,
    detail: error.answer,
    code: error.code,
    retryable: error.retryable,
    requestId,
  };
}

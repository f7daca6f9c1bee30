/** Errors on the wire: RFC 9457 `application/problem+json`, filled from the catalogue. */
import Type, { type Static } from 'typebox';
import type { WabError } from '../contract/errors.ts';
import { object } from '../contract/schema.ts';

export const PROBLEM_TYPE = 'application/problem+json';

export const Problem = object(
  {
    type: Type.String({ description: 'urn:wabridge:error:<code>' }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: 'what is wrong and what to do next' }),
    code: Type.String({ description: 'code of the error catalogue' }),
    retryable: Type.Boolean({ description: 'whether repeating the request later can succeed' }),
    requestId: Type.String(),
  },
  { $id: 'Problem' },
);
export type Problem = Static<typeof Problem>;

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

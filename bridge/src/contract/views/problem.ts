/** What an error looks like on the wire (RFC 9457). */
import Type, { type Static } from 'typebox';
import { object } from '../schema.ts';

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

/** Parts that the schemas of several routes share. */
import Type from 'typebox';
import { MEDIA_ID_PATTERN, SESSION_NAME_PATTERN } from '../../contract/ids.ts';
import { object } from '../../contract/schema.ts';
import { Problem } from '../../contract/views/problem.ts';
import { PROBLEM_TYPE } from '../problem.ts';

export const SessionParams = object({ name: Type.String({ pattern: SESSION_NAME_PATTERN }) });
export const MediaParams = object({ mediaId: Type.String({ pattern: MEDIA_ID_PATTERN }) });

/** Answers of a route: what it gives, and a problem for everything else. */
export const answers = <const Answers extends Readonly<Record<number, unknown>>>(given: Answers) => ({
  ...given,
  default: { description: 'A problem of the error catalogue', content: { [PROBLEM_TYPE]: { schema: Problem } } },
});

/** Parts that the schemas of several routes share. */
import Type from 'typebox';
import { MAX_WAIT_MS } from '../../contract/defaults.ts';
import { MEDIA_ID_PATTERN, OUTBOX_ID_PATTERN, SESSION_NAME_PATTERN } from '../../contract/ids.ts';
import { object } from '../../contract/schema.ts';
import { Problem } from '../../contract/views/problem.ts';
import { PROBLEM_TYPE } from '../problem.ts';

export const SessionParams = object({ name: Type.String({ pattern: SESSION_NAME_PATTERN }) });
export const OutboxParams = object({ id: Type.String({ pattern: OUTBOX_ID_PATTERN }) });
export const MediaParams = object({ mediaId: Type.String({ pattern: MEDIA_ID_PATTERN }) });

export const WaitMs = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: MAX_WAIT_MS,
    description: 'long polling: answer as soon as there is a result, at the latest after this many milliseconds',
  }),
);

/** Answers of a route: what it gives, and a problem for everything else. */
export const answers = <const Answers extends Readonly<Record<number, unknown>>>(given: Answers) => ({
  ...given,
  default: { description: 'A problem of the error catalogue', content: { [PROBLEM_TYPE]: { schema: Problem } } },
});

/** An answer without a body. */
export const Empty = Type.Null({ description: 'Done' });

/** The items of a comma-separated query parameter; undefined if it is absent or empty. */
export function itemsOf(text: string | undefined): readonly string[] | undefined {
  const items = text
    ?.split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  return items && items.length > 0 ? items : undefined;
}

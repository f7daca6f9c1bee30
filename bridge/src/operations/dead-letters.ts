/** Events that a subscription gave up on: look, deliver again, or discard. */
import { DEFAULT_LIST_LIMIT } from '../contract/defaults.ts';
import type { Stream } from '../stream/stream.ts';
import type { HandlersOf } from './handler.ts';

type DeadLetters = Pick<Stream, 'deadLetters' | 'redrive' | 'discard'>;

export const deadLetterHandlers = (stream: DeadLetters): HandlersOf<'deadLetter'> => ({
  'deadLetter.list': async ({ limit = DEFAULT_LIST_LIMIT, before }, principal) => ({
    deadLetters: await stream.deadLetters(principal, { limit, before }),
  }),
  'deadLetter.redrive': ({ id }, principal) => stream.redrive(id, principal),
  'deadLetter.discard': ({ id }, principal) => stream.discard(id, principal),
});

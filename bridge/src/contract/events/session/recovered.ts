import Type from 'typebox';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

export const sessionRecovered = event({
  type: 'session.recovered',
  description: 'A session that was degraded works properly again.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'session' },
  fromMe: null,
  identity: { by: 'occurrence' },
  movesOutbox: null,
  countedAs: null,
  data: object({ reason: Type.String({ description: 'what did not work' }) }),
  example: { reason: 'the page no longer reports new messages' },
});

import Type from 'typebox';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

export const sessionDegraded = event({
  type: 'session.degraded',
  description: 'A session is connected but does not work properly.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'session' },
  fromMe: null,
  identity: { by: 'occurrence' },
  movesOutbox: null,
  countedAs: null,
  data: object({ reason: Type.String() }),
  example: { reason: 'the page no longer reports new messages' },
});

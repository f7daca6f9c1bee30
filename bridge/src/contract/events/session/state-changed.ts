import Type from 'typebox';
import { event } from '../../event.ts';
import { literals, object } from '../../schema.ts';
import { SESSION_STATES } from '../../session-states.ts';

export const sessionStateChanged = event({
  type: 'session.state_changed',
  description: 'A session changed its state.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'session' },
  fromMe: null,
  identity: { by: 'occurrence' },
  movesOutbox: null,
  countedAs: null,
  data: object({ from: literals(SESSION_STATES), to: literals(SESSION_STATES), reason: Type.String() }),
  example: { from: 'connecting', to: 'ready', reason: 'connected' },
});

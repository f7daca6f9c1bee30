import { operation } from '../../operation.ts';
import { listOf, object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

/** Those that the key may use. */
export const listSessions = operation({
  id: 'session.list',
  via: 'bridge',
  scope: 'sessions:read',
  summary: 'List sessions',
  tag: 'sessions',
  operationId: 'listSessions',
  http: { method: 'GET', path: '/sessions', status: 200 },
  input: object({}),
  result: object({ sessions: listOf(SessionView) }),
  errors: [],
  examples: [{}],
});

import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const getSession = operation({
  id: 'session.get',
  via: 'bridge',
  scope: 'sessions:read',
  summary: 'Read a session',
  tag: 'sessions',
  operationId: 'getSession',
  http: { method: 'GET', path: '/sessions/{name}', status: 200 },
  input: object({ name: SessionField }),
  result: SessionView,
  errors: ['WAB_SESSION_NOT_FOUND'],
  examples: [{ name: 'support' }],
});

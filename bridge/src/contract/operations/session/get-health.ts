import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SessionHealth } from '../../views/session.ts';

export const getSessionHealth = operation({
  id: 'session.getHealth',
  via: 'bridge',
  scope: 'sessions:read',
  summary: 'The health of a session, from its regular checks',
  tag: 'sessions',
  operationId: 'getSessionHealth',
  http: { method: 'GET', path: '/sessions/{name}/health', status: 200 },
  input: object({ name: SessionField }),
  result: SessionHealth,
  errors: ['WAB_SESSION_NOT_FOUND'],
  examples: [{ name: 'support' }],
});

import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const logoutSession = operation({
  id: 'session.logout',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Unlink the account',
  tag: 'sessions',
  operationId: 'logoutSession',
  http: { method: 'POST', path: '/sessions/{name}/logout', status: 200 },
  input: object({ name: SessionField }),
  result: SessionView,
  errors: ['WAB_SESSION_NOT_FOUND', 'WAB_ENGINE_NOT_ENABLED', 'WAB_SESSION_NOT_READY', 'WAB_SESSION_STATE'],
  examples: [{ name: 'support' }],
});

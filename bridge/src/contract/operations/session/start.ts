import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const startSession = operation({
  id: 'session.start',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Start a session',
  tag: 'sessions',
  operationId: 'startSession',
  http: { method: 'POST', path: '/sessions/{name}/start', status: 200 },
  input: object({ name: SessionField }),
  result: SessionView,
  errors: ['WAB_SESSION_NOT_FOUND', 'WAB_ENGINE_NOT_ENABLED', 'WAB_SESSION_LIMIT'],
  examples: [{ name: 'support' }],
});

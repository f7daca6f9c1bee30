import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const stopSession = operation({
  id: 'session.stop',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Stop a session, keeping its login state',
  tag: 'sessions',
  operationId: 'stopSession',
  http: { method: 'POST', path: '/sessions/{name}/stop', status: 200 },
  input: object({ name: SessionField }),
  result: SessionView,
  errors: ['WAB_SESSION_NOT_FOUND'],
  examples: [{ name: 'support' }],
});

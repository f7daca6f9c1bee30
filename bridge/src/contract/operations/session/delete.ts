import { SessionField } from '../../fields.ts';
import { Nothing, operation } from '../../operation.ts';
import { object } from '../../schema.ts';

export const deleteSession = operation({
  id: 'session.delete',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Stop a session and remove it with its login state',
  tag: 'sessions',
  operationId: 'deleteSession',
  http: { method: 'DELETE', path: '/sessions/{name}', status: 204 },
  input: object({ name: SessionField }),
  result: Nothing,
  errors: ['WAB_SESSION_NOT_FOUND'],
  examples: [{ name: 'support' }],
});

import { ProxyUrl, SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { nullable, object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const setSessionProxy = operation({
  id: 'session.setProxy',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Set or remove the proxy of a session, from its next start',
  tag: 'sessions',
  operationId: 'setSessionProxy',
  http: { method: 'PUT', path: '/sessions/{name}/proxy', status: 200 },
  input: object({ name: SessionField, proxy: nullable(ProxyUrl) }),
  result: SessionView,
  errors: ['WAB_SESSION_NOT_FOUND', 'WAB_PROXY_INVALID', 'WAB_CONFIG_INVALID'],
  examples: [
    { name: 'support', proxy: 'http://proxy.example:3128' },
    { name: 'support', proxy: null },
  ],
});

import Type from 'typebox';
import { DEFAULT_ENGINE, ENGINE_NAMES } from '../../engines.ts';
import { ProxyUrl, SessionField, SessionSettings } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { literals, object } from '../../schema.ts';
import { SessionView } from '../../views/session.ts';

export const addSession = operation({
  id: 'session.add',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: `Add a session and start it (default engine: ${DEFAULT_ENGINE})`,
  tag: 'sessions',
  operationId: 'addSession',
  http: { method: 'POST', path: '/sessions', status: 201 },
  input: object({
    name: SessionField,
    engine: Type.Optional(literals(ENGINE_NAMES)),
    proxy: Type.Optional(ProxyUrl),
    settings: Type.Optional(SessionSettings),
  }),
  result: SessionView,
  errors: [
    'WAB_SESSION_EXISTS',
    'WAB_ENGINE_NOT_ENABLED',
    'WAB_SESSION_LIMIT',
    'WAB_PROXY_INVALID',
    'WAB_SETTINGS_INVALID',
    'WAB_CONFIG_INVALID',
  ],
  examples: [{ name: 'support' }, { name: 'sales', engine: 'webjs', proxy: 'socks5://127.0.0.1:1080' }],
});

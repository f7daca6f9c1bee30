import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { LoginCode } from '../../views/session.ts';

export const getPairingCode = operation({
  id: 'session.getPairingCode',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'The current pairing code: the one requested, or its renewal',
  tag: 'sessions',
  operationId: 'getPairingCode',
  http: { method: 'GET', path: '/sessions/{name}/pairing-code', status: 200 },
  input: object({ name: SessionField }),
  result: LoginCode,
  secret: true,
  errors: [
    'WAB_SESSION_NOT_FOUND',
    'WAB_ENGINE_NOT_ENABLED',
    'WAB_LINKING_UNSUPPORTED',
    'WAB_PAIRING_CODE_NOT_AVAILABLE',
  ],
  examples: [{ name: 'support' }],
});

import Type from 'typebox';
import { SessionField } from '../../fields.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { LoginCode } from '../../views/session.ts';

export const requestPairingCode = operation({
  id: 'session.requestPairingCode',
  via: 'bridge',
  scope: 'sessions:manage',
  summary: 'Request a code that links the account of a phone number when entered on that phone',
  description:
    'Only while the session is awaiting_scan. A new code invalidates the previous one; WhatsApp limits how many it gives.',
  tag: 'sessions',
  operationId: 'requestPairingCode',
  http: { method: 'POST', path: '/sessions/{name}/pairing-code', status: 201 },
  input: object({
    name: SessionField,
    phone: Type.String({
      minLength: 3,
      maxLength: 40,
      description: 'the phone number of the account to link, with country code',
    }),
  }),
  result: LoginCode,
  secret: true,
  errors: [
    'WAB_SESSION_NOT_FOUND',
    'WAB_ENGINE_NOT_ENABLED',
    'WAB_LINKING_UNSUPPORTED',
    'WAB_ADDRESS_INVALID',
    'WAB_SESSION_STATE',
    'WAB_SESSION_NOT_READY',
    'WAB_PAIRING_REFUSED',
    'WAB_PAIRING_LIMITED',
  ],
  examples: [{ name: 'support', phone: '+49 151 12345678' }],
});

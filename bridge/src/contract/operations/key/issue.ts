import Type from 'typebox';
import { SESSION_NAME_PATTERN } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { literals, nullable, object, Timestamp } from '../../schema.ts';
import { ALL_SCOPES } from '../../scopes.ts';
import { IssuedKey } from '../../views/key.ts';

/**
 * Issuing is not idempotent: the secret is shown once and kept nowhere, so a repeated request makes another key, which
 * can be seen in the list and revoked.
 */
export const issueKey = operation({
  id: 'key.issue',
  via: 'bridge',
  scope: 'keys:manage',
  summary: 'Issue a key; its secret is shown only once',
  description: 'A key that expires issues keys that expire when it does, unless an earlier expiry is requested.',
  tag: 'keys',
  operationId: 'issueKey',
  http: { method: 'POST', path: '/keys', status: 201 },
  input: object({
    name: Type.String({ minLength: 1, maxLength: 100 }),
    scopes: Type.Array(literals(ALL_SCOPES), { minItems: 1, uniqueItems: true }),
    sessions: Type.Optional(
      nullable(
        Type.Array(Type.String({ pattern: SESSION_NAME_PATTERN }), { minItems: 1, maxItems: 200, uniqueItems: true }),
      ),
    ),
    notBefore: Type.Optional(nullable(Timestamp)),
    expiresAt: Type.Optional(nullable(Timestamp)),
  }),
  result: IssuedKey,
  secret: true,
  errors: ['WAB_SCOPE_MISSING', 'WAB_SESSION_NOT_ALLOWED', 'WAB_KEY_OUTLIVES_ISSUER'],
  examples: [
    { name: 'n8n', scopes: ['events:read', 'messages:send', 'messages:read', 'sessions:read'] },
    {
      name: 'support desk',
      scopes: ['messages:send'],
      sessions: ['support'],
      expiresAt: '2027-06-30T00:00:00.000Z',
    },
  ],
});

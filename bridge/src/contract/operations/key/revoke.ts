import Type from 'typebox';
import { KEY_ID_PATTERN, type KeyId } from '../../ids.ts';
import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { KeyView } from '../../views/key.ts';

export const revokeKey = operation({
  id: 'key.revoke',
  via: 'bridge',
  scope: 'keys:manage',
  summary: 'Revoke a key; its streams close',
  tag: 'keys',
  operationId: 'revokeKey',
  http: { method: 'DELETE', path: '/keys/{keyId}', status: 200 },
  input: object({ keyId: Type.Unsafe<KeyId>(Type.String({ pattern: KEY_ID_PATTERN })) }),
  result: KeyView,
  errors: ['WAB_KEY_NOT_FOUND', 'WAB_LAST_MANAGER_KEY'],
  examples: [{ keyId: '7Q2M9KX4TBRA' }],
});

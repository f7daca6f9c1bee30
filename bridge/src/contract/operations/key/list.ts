import { operation } from '../../operation.ts';
import { listOf, object } from '../../schema.ts';
import { KeyView } from '../../views/key.ts';

/** A key that is limited to sessions sees only keys within them. */
export const listKeys = operation({
  id: 'key.list',
  via: 'bridge',
  scope: 'keys:manage',
  summary: 'List keys',
  tag: 'keys',
  operationId: 'listKeys',
  http: { method: 'GET', path: '/keys', status: 200 },
  input: object({}),
  result: object({ keys: listOf(KeyView) }),
  errors: [],
  examples: [{}],
});

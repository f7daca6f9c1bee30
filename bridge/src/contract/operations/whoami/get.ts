import { operation } from '../../operation.ts';
import { object } from '../../schema.ts';
import { Whoami } from '../../views/whoami.ts';

/** What a client asks first, and what tells it why it is refused. */
export const whoami = operation({
  id: 'whoami.get',
  via: 'bridge',
  scope: 'any',
  summary: 'The key in use',
  tag: 'keys',
  operationId: 'whoami',
  http: { method: 'GET', path: '/whoami', status: 200 },
  input: object({}),
  result: Whoami,
  errors: [],
  examples: [{}],
});

import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { driverOperation } from './driver-operation.ts';

export const crash = driverOperation({
  id: 'sandbox.crash',
  summary: 'Make the engine crash, as a browser can',
  http: { method: 'POST', path: '/sandbox/{session}/crash', status: 204 },
  input: object({ session: SessionField }),
  result: Nothing,
  errors: [],
  examples: [{ session: 'demo' }],
  carryOut: (account) => account.end({ on: 'crash' }),
});

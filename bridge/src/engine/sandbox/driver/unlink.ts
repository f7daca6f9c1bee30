import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { driverOperation } from './driver-operation.ts';

export const unlink = driverOperation({
  id: 'sandbox.unlink',
  summary: 'Remove the linked device on the phone',
  http: { method: 'POST', path: '/sandbox/{session}/unlink', status: 204 },
  input: object({ session: SessionField }),
  result: Nothing,
  errors: [],
  examples: [{ session: 'demo' }],
  carryOut: (account) => account.unlink(),
});

import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { SandboxFaults } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';

export const setFaults = driverOperation({
  id: 'sandbox.setFaults',
  summary: 'Replace all faults; {} clears all of them',
  http: { method: 'PUT', path: '/sandbox/{session}/faults', status: 204, body: SandboxFaults },
  input: object({ session: SessionField, ...SandboxFaults.properties }),
  result: Nothing,
  errors: [],
  examples: [{ session: 'demo', answerLost: { count: 1 }, delays: { read: 2_000 } }, { session: 'demo' }],
  carryOut: (account, faults) => account.setFaults(faults),
});

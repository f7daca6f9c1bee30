import { SessionField } from '../../../contract/fields.ts';
import { object } from '../../../contract/schema.ts';
import { SandboxFaults } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';

export const listFaults = driverOperation({
  id: 'sandbox.faults',
  summary: 'The active faults',
  http: { method: 'GET', path: '/sandbox/{session}/faults', status: 200 },
  input: object({ session: SessionField }),
  result: SandboxFaults,
  errors: [],
  examples: [{ session: 'demo' }],
  carryOut: ({ faults }) => faults,
});

import { SessionField } from '../../../contract/fields.ts';
import { listOf, object } from '../../../contract/schema.ts';
import { SandboxOperation, SandboxOperationFilter } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';
import { waiting } from './fields.ts';

/** Oldest first, each transmission for itself. */
export const listOperations = driverOperation({
  id: 'sandbox.operations',
  summary: 'What others have seen of the account other than messages: reactions, read state, typing',
  http: { method: 'GET', path: '/sandbox/{session}/operations', status: 200 },
  input: object({ session: SessionField, ...SandboxOperationFilter.properties, ...waiting }),
  result: listOf(SandboxOperation),
  errors: ['WAB_ADDRESS_INVALID'],
  examples: [{ session: 'demo', kind: 'reaction' }],
  carryOut: ({ operations }, { atLeast = 1, waitMs, ...filter }) =>
    waitMs === undefined ? operations.list(filter) : operations.wait(filter, atLeast, waitMs),
});

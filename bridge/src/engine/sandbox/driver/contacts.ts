import { SessionField } from '../../../contract/fields.ts';
import { listOf, object } from '../../../contract/schema.ts';
import { SandboxContact } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';

export const listContacts = driverOperation({
  id: 'sandbox.contacts',
  summary: 'The contacts added',
  http: { method: 'GET', path: '/sandbox/{session}/contacts', status: 200 },
  input: object({ session: SessionField }),
  result: listOf(SandboxContact),
  errors: [],
  examples: [{ session: 'demo' }],
  carryOut: ({ memory }) => [...memory.contacts.values()],
});

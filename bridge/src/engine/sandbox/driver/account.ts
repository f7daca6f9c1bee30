import { SessionField } from '../../../contract/fields.ts';
import { object } from '../../../contract/schema.ts';
import { SandboxAccount } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';

export const viewAccount = driverOperation({
  id: 'sandbox.account',
  summary: 'The account as the simulated network sees it',
  http: { method: 'GET', path: '/sandbox/{session}', status: 200 },
  input: object({ session: SessionField }),
  result: SandboxAccount,
  errors: [],
  examples: [{ session: 'demo' }],
  carryOut: ({ self, memory, isOnline, pairing }) => ({
    self,
    linked: memory.credential !== null,
    online: isOnline,
    qrShown: pairing.shown,
    undelivered: memory.undelivered.size,
    sent: memory.outgoing.size,
    transmissions: memory.transmissions,
  }),
});

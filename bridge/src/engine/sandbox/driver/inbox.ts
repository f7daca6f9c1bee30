import { SessionField } from '../../../contract/fields.ts';
import { listOf, object } from '../../../contract/schema.ts';
import { SandboxInboxEntry, SandboxInboxFilter } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';
import { waiting } from './fields.ts';

/** Oldest first; each message id once, with the number of its transmissions. */
export const listInbox = driverOperation({
  id: 'sandbox.inbox',
  summary: 'Messages that arrived on the phones of others',
  http: { method: 'GET', path: '/sandbox/{session}/inbox', status: 200 },
  input: object({ session: SessionField, ...SandboxInboxFilter.properties, ...waiting }),
  result: listOf(SandboxInboxEntry),
  errors: ['WAB_ADDRESS_INVALID'],
  examples: [{ session: 'demo', to: '+4915112345678', via: 'bridge', atLeast: 1, waitMs: 20_000 }],
  carryOut: ({ inbox }, { atLeast = 1, waitMs, ...filter }) =>
    waitMs === undefined ? inbox.list(filter) : inbox.wait(filter, atLeast, waitMs),
});

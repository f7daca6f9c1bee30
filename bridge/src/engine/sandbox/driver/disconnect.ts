import Type from 'typebox';
import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { driverOperation } from './driver-operation.ts';

const DEFAULT_FOR_MS = 200;

export const disconnect = driverOperation({
  id: 'sandbox.disconnect',
  summary: 'Break the connection for a while',
  http: { method: 'POST', path: '/sandbox/{session}/disconnect', status: 204 },
  input: object({
    session: SessionField,
    forMs: Type.Optional(Type.Integer({ minimum: 0, maximum: 3_600_000 })),
  }),
  result: Nothing,
  errors: [],
  examples: [{ session: 'demo', forMs: 5_000 }],
  carryOut: (account, { forMs = DEFAULT_FOR_MS }) => account.disconnect(forMs),
});

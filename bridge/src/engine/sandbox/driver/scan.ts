import Type from 'typebox';
import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { parseChatId } from '../../../contract/whatsapp-id.ts';
import { driverOperation } from './driver-operation.ts';

export const scan = driverOperation({
  id: 'sandbox.scan',
  summary: 'Scan the QR code shown, or enter a pairing code',
  http: { method: 'POST', path: '/sandbox/{session}/scan', status: 204 },
  input: object({
    session: SessionField,
    code: Type.Optional(
      Type.String({
        maxLength: 1000,
        description: 'scan only if this is still the code shown; a pairing code is entered on the phone instead',
      }),
    ),
    phone: Type.Optional(
      Type.String({
        maxLength: 80,
        description: 'number of another simulated phone that scans, to link another account',
      }),
    ),
  }),
  result: Nothing,
  errors: ['WAB_QR_NOT_AVAILABLE', 'WAB_ADDRESS_INVALID'],
  examples: [{ session: 'demo' }, { session: 'demo', phone: '+4915112345678' }],
  carryOut: (account, { code, phone }) => account.link(code, phone === undefined ? null : parseChatId(phone)),
});

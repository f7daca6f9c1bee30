import { SessionField } from '../../../contract/fields.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { parseChatId } from '../../../contract/whatsapp-id.ts';
import { networkId } from '../address-book.ts';
import { SandboxContact } from '../sandbox-contract.ts';
import { driverOperation } from './driver-operation.ts';

export const putContact = driverOperation({
  id: 'sandbox.putContact',
  summary: 'Add a contact',
  http: { method: 'PUT', path: '/sandbox/{session}/contacts', status: 204, body: SandboxContact },
  input: object({ session: SessionField, ...SandboxContact.properties }),
  result: Nothing,
  errors: ['WAB_ADDRESS_INVALID'],
  examples: [{ session: 'demo', phone: '+4915112345678', name: 'Ada' }],
  carryOut: (account, contact) =>
    account.record({ t: 'contact', contact: { ...contact, phone: networkId(parseChatId(contact.phone)) } }),
});

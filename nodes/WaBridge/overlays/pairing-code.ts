import type { IDataObject } from 'n8n-workflow';
import { sessionField } from '../../shared/session-field';
import { bridgeJson } from '../../shared/transport';
import type { NodeOperation } from '../operations/node-operation';
import { locatorValue, textValue } from '../operations/parameters';

/** Written by hand, since the code is answered with the name of its session. */
export const pairingCode: NodeOperation = {
  resource: 'session',
  value: 'requestPairingCode',
  name: 'Request Pairing Code',
  action: 'Request a pairing code for a session',
  description: 'Get a code that links the account of a phone number when entered on that phone',
  fields: [
    sessionField,
    {
      displayName: 'Phone Number',
      name: 'phone',
      type: 'string',
      default: '',
      required: true,
      placeholder: 'e.g. +49 151 23456789',
      description: 'The number of the WhatsApp account to link, with country code',
      hint: 'Enter the code on this phone: Linked devices, Link a device, Link with phone number instead',
    },
  ],
  async execute(context, itemIndex) {
    const session = locatorValue(context, 'session', itemIndex);
    const json = await bridgeJson<IDataObject>(context, {
      method: 'POST',
      path: `/v1/sessions/${encodeURIComponent(session)}/pairing-code`,
      json: { phone: textValue(context, 'phone', itemIndex).trim() },
      itemIndex,
    });
    return [{ json: { session, ...json } }];
  },
};

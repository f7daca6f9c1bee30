import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { sessionField } from '../../../shared/session-field';
import { bridgeJson } from '../../../shared/transport';
import { locatorValue, textValue } from '../operation';

export const fields: INodeProperties[] = [
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
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const session = locatorValue(context, 'session', itemIndex);
  const json = await bridgeJson<IDataObject>(context, {
    method: 'POST',
    path: `/v1/sessions/${encodeURIComponent(session)}/pairing-code`,
    json: { phone: textValue(context, 'phone', itemIndex).trim() },
    itemIndex,
  });
  return [{ json: { session, ...json } }];
}

import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { sessionField } from '../../../shared/session-field';
import { bridgeRequest } from '../../../shared/transport';
import { locatorValue, textValue } from '../operation';

export const fields: INodeProperties[] = [
  sessionField,
  {
    displayName: 'Put Output File in Field',
    name: 'binaryPropertyName',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the output binary field to put the image in',
  },
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const session = locatorValue(context, 'session', itemIndex);
  const field = textValue(context, 'binaryPropertyName', itemIndex);
  const { body } = await bridgeRequest(context, {
    method: 'GET',
    path: `/v1/sessions/${encodeURIComponent(session)}/qr`,
    query: { format: 'png' },
    itemIndex,
  });
  return [
    {
      json: { session },
      binary: { [field]: await context.helpers.prepareBinaryData(body, `${session}-qr.png`, 'image/png') },
    },
  ];
}

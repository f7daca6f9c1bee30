import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { sessionField } from '../../../shared/session-field';
import { bridgeJson } from '../../../shared/transport';
import { locatorValue } from '../operation';

export const fields: INodeProperties[] = [sessionField];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const session = encodeURIComponent(locatorValue(context, 'session', itemIndex));
  const json = await bridgeJson<IDataObject>(context, {
    method: 'POST',
    path: `/v1/sessions/${session}/start`,
    itemIndex,
  });
  return [{ json }];
}

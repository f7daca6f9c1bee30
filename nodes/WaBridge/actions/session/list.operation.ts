import type { IDataObject, IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { bridgeJson } from '../../../shared/transport';

export const fields: INodeProperties[] = [];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const { sessions } = await bridgeJson<{ sessions: IDataObject[] }>(context, {
    method: 'GET',
    path: '/v1/sessions',
    itemIndex,
  });
  return sessions.map((session) => ({ json: session }));
}

/** Asks the bridge for an act in a chat that is done at once or not at all, so it is asked for once. */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import { bridgeRequest } from '../../../shared/transport';
import { readTarget } from '../operation';

/**
 * @param operation last part of the path
 * @throws NodeApiError with the bridge's sentence
 */
export async function runChatOperation(
  context: IExecuteFunctions,
  itemIndex: number,
  operation: 'read' | 'typing',
  json?: object,
): Promise<INodeExecutionData[]> {
  const { session, to } = readTarget(context, itemIndex);
  await bridgeRequest(context, {
    method: 'POST',
    path: `/v1/sessions/${encodeURIComponent(session)}/chats/${encodeURIComponent(to)}/${operation}`,
    ...(json === undefined ? {} : { json }),
    itemIndex,
  });
  return [{ json: { success: true, session, chat: to } }];
}

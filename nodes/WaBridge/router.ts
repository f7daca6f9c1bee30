/** Calls the chosen operation for each item. What the operations know of each other is nothing. */
import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { codeOf } from '../shared/transport';
import * as chat from './actions/chat';
import * as message from './actions/message';
import { textValue, type Operation } from './actions/operation';
import * as session from './actions/session';

const resources: Readonly<Record<string, Readonly<Record<string, Operation>>>> = {
  chat: chat.operations,
  message: message.operations,
  session: session.operations,
};

export async function route(context: IExecuteFunctions): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  const count = context.getInputData().length;
  for (let itemIndex = 0; itemIndex < count; itemIndex += 1) {
    try {
      const results = await operationOf(context, itemIndex).execute(context, itemIndex);
      output.push(...results.map((result) => ({ ...result, pairedItem: { item: itemIndex } })));
    } catch (thrown) {
      const error = asNodeError(context, thrown, itemIndex);
      if (!context.continueOnFail()) throw error;
      // Under these names n8n tells a failed item from others and sends it to the error output.
      const details = { code: codeOf(error), description: error.description ?? null };
      output.push({ json: { error: error.message, details }, pairedItem: { item: itemIndex } });
    }
  }
  return [output];
}

function operationOf(context: IExecuteFunctions, itemIndex: number): Operation {
  const resource = textValue(context, 'resource', itemIndex);
  const name = textValue(context, 'operation', itemIndex);
  const operation = resources[resource]?.[name];
  if (operation === undefined) {
    throw new NodeOperationError(context.getNode(), `There is no operation ${name} of ${resource}`, { itemIndex });
  }
  return operation;
}

function asNodeError(
  context: IExecuteFunctions,
  thrown: unknown,
  itemIndex: number,
): NodeApiError | NodeOperationError {
  if (thrown instanceof NodeApiError || thrown instanceof NodeOperationError) {
    thrown.context['itemIndex'] ??= itemIndex;
    return thrown;
  }
  if (thrown instanceof Error) return new NodeOperationError(context.getNode(), thrown, { itemIndex });
  return new NodeApiError(context.getNode(), { message: String(thrown) }, { itemIndex });
}

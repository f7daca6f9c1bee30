/** Calls the chosen operation for each item. */
import { NodeApiError, NodeOperationError, type IExecuteFunctions, type INodeExecutionData } from 'n8n-workflow';
import { codeOf } from '../shared/transport';
import { textValue } from './operations/parameters';
import type { NodeOperation } from './operations/node-operation';

export async function route(
  context: IExecuteFunctions,
  operations: readonly NodeOperation[],
): Promise<INodeExecutionData[][]> {
  const output: INodeExecutionData[] = [];
  const count = context.getInputData().length;
  for (let itemIndex = 0; itemIndex < count; itemIndex += 1) {
    try {
      const results = await operationOf(context, operations, itemIndex).execute(context, itemIndex);
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

function operationOf(
  context: IExecuteFunctions,
  operations: readonly NodeOperation[],
  itemIndex: number,
): NodeOperation {
  const resource = textValue(context, 'resource', itemIndex);
  const name = textValue(context, 'operation', itemIndex);
  const operation = operations.find((each) => each.resource === resource && each.value === name);
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

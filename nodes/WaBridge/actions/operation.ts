import {
  NodeOperationError,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
} from 'n8n-workflow';
import { asText } from '../../shared/text';

/** One operation: the fields that it shows and what it does with one item. The router links the items. */
export interface Operation {
  readonly fields: INodeProperties[];
  execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]>;
}

/** Shows fields for one operation of a resource only. */
export const shownFor = (resource: string, operations: string[], fields: INodeProperties[]): INodeProperties[] =>
  fields.map((field) => ({
    ...field,
    displayOptions: {
      ...field.displayOptions,
      show: { ...field.displayOptions?.show, resource: [resource], operation: operations },
    },
  }));

/** Text of a parameter; an expression may have made a number of it. */
export function textValue(context: IExecuteFunctions, name: string, itemIndex: number): string {
  return asText(context.getNodeParameter(name, itemIndex, ''));
}

/** The value of a resource locator, without blanks around it. */
export function locatorValue(context: IExecuteFunctions, name: string, itemIndex: number): string {
  return asText(context.getNodeParameter(name, itemIndex, '', { extractValue: true })).trim();
}

/** The session and the chat that the parameters name. @throws NodeOperationError where one is missing */
export function readTarget(context: IExecuteFunctions, itemIndex: number): { session: string; to: string } {
  const session = locatorValue(context, 'session', itemIndex);
  const to = locatorValue(context, 'chat', itemIndex);
  if (session === '') throw new NodeOperationError(context.getNode(), 'No session is chosen', { itemIndex });
  if (to === '') {
    throw new NodeOperationError(context.getNode(), 'No chat is given', {
      itemIndex,
      description: 'Write a phone number or a chat ID. If it is an expression, it gave nothing for this item.',
    });
  }
  return { session, to };
}

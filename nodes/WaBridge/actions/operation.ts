import {
  NodeOperationError,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
} from 'n8n-workflow';
import { asText } from '../../shared/text';
import { sourceEvent } from '../event-source';

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

/**
 * Whether nothing is written into a resource locator. An expression that gave nothing is something else: it was meant for
 * somebody, and its message must not go to another.
 */
function isLeftEmpty(context: IExecuteFunctions, name: string): boolean {
  const written = context.getNode().parameters[name];
  const value = typeof written === 'object' && written !== null && 'value' in written ? written.value : written;
  return value === undefined || value === null || value === '';
}

/** @throws NodeOperationError where there is none */
function readSession(context: IExecuteFunctions, itemIndex: number): string {
  const named = locatorValue(context, 'session', itemIndex);
  if (named !== '') return named;
  const leftEmpty = isLeftEmpty(context, 'session');
  const session = leftEmpty ? (sourceEvent(context, itemIndex)?.session ?? '') : '';
  if (session !== '') return session;
  throw new NodeOperationError(context.getNode(), 'No session is selected', {
    itemIndex,
    description: leftEmpty ? NO_EVENT : 'The expression returned nothing for this item.',
  });
}

/** The session and the chat that the parameters name, or those of the trigger's event. @throws NodeOperationError where one is missing */
export function readTarget(context: IExecuteFunctions, itemIndex: number): { session: string; to: string } {
  const session = readSession(context, itemIndex);
  const named = locatorValue(context, 'chat', itemIndex);
  if (named !== '') return { session, to: named };
  const leftEmpty = isLeftEmpty(context, 'chat');
  const to = leftEmpty ? (sourceEvent(context, itemIndex)?.chatId ?? '') : '';
  if (to !== '') return { session, to };
  throw new NodeOperationError(context.getNode(), 'The chat is missing', {
    itemIndex,
    description: leftEmpty
      ? `Enter a phone number or a chat ID. ${NO_EVENT}`
      : 'Enter a phone number or a chat ID. The expression returned nothing for this item.',
  });
}

const NO_EVENT =
  'If empty, it is taken from the event for which a WaBridge Trigger started this execution, but this execution has no such event.';

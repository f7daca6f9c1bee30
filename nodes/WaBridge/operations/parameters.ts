/** What the parameters of the node say for one item. */
import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';
import { asText } from '../../shared/text';
import { sourceEvent } from '../event-source';

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

/** The session that a parameter names, or that of the trigger's event. @throws NodeOperationError if there is none */
export function readSession(context: IExecuteFunctions, itemIndex: number): string {
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

/** The chat that a parameter names, or that of the trigger's event. @throws NodeOperationError if there is none */
export function readChat(context: IExecuteFunctions, itemIndex: number): string {
  const named = locatorValue(context, 'chat', itemIndex);
  if (named !== '') return named;
  const leftEmpty = isLeftEmpty(context, 'chat');
  const chat = leftEmpty ? (sourceEvent(context, itemIndex)?.chatId ?? '') : '';
  if (chat !== '') return chat;
  throw new NodeOperationError(context.getNode(), 'The chat is missing', {
    itemIndex,
    description: leftEmpty
      ? `Enter a phone number or a chat ID. ${NO_EVENT}`
      : 'Enter a phone number or a chat ID. The expression returned nothing for this item.',
  });
}

const NO_EVENT =
  'If empty, it is taken from the event for which a WaBridge Trigger started this execution, but this execution has no such event.';

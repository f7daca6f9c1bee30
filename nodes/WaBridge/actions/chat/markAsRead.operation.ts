import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { chatField } from '../../../shared/chat-field';
import { optionalSessionField } from '../../../shared/session-field';
import { runChatOperation } from './chat-operation';

export const fields: INodeProperties[] = [
  { ...optionalSessionField, description: 'The linked WhatsApp account that marks the chat as read' },
  { ...chatField, description: 'The chat to mark as read: a person or a group' },
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  return await runChatOperation(context, itemIndex, 'read');
}

import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { chatField } from '../../../shared/chat-field';
import { DEFAULT_TYPING_STATE, type TypingState } from '../../../shared/contract.generated';
import { optionalSessionField } from '../../../shared/session-field';
import { runChatOperation } from './chat-operation';

export const fields: INodeProperties[] = [
  { ...optionalSessionField, description: 'The linked WhatsApp account that is shown as typing' },
  { ...chatField, description: 'Where to show it: a person or a group' },
  {
    displayName: 'State',
    name: 'state',
    type: 'options',
    options: [
      { name: 'Recording', value: 'recording', description: 'Show "recording audio" in the chat' },
      { name: 'Stopped', value: 'paused', description: 'Stop showing anything' },
      { name: 'Typing', value: 'composing', description: 'Show "typing" in the chat' },
    ],
    default: DEFAULT_TYPING_STATE,
    description: 'What the other people see. WhatsApp clears it after a while, or when a message is sent.',
  },
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const state = context.getNodeParameter('state', itemIndex) as TypingState;
  return await runChatOperation(context, itemIndex, 'typing', { state });
}

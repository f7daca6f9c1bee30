import type { IExecuteFunctions, INodeExecutionData, INodeProperties } from 'n8n-workflow';
import { chatField } from '../../../shared/chat-field';
import { optionalSessionField } from '../../../shared/session-field';
import { textValue } from '../operation';
import { optionFields, waitFields } from './fields';
import { readRecipient, send } from './send';

export const fields: INodeProperties[] = [
  { ...optionalSessionField, description: 'The linked WhatsApp account that sends the message' },
  chatField,
  {
    displayName: 'Text',
    name: 'text',
    type: 'string',
    typeOptions: { rows: 3 },
    default: '',
    required: true,
    description: 'What to send. WhatsApp shows *bold*, _italic_, ~struck through~ and `code`.',
  },
  ...waitFields,
  optionFields,
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const { recipient, options } = readRecipient(context, itemIndex);
  const text = textValue(context, 'text', itemIndex);
  return await send(context, itemIndex, options, { ...recipient, type: 'text', text });
}

import {
  NodeOperationError,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
} from 'n8n-workflow';
import { chatField } from '../../../shared/chat-field';
import { optionalSessionField } from '../../../shared/session-field';
import { readTarget, textValue } from '../operation';
import { reactionOptionFields, waitFields, type SendOptions } from './fields';
import { send } from './send';

export const fields: INodeProperties[] = [
  { ...optionalSessionField, description: 'The linked WhatsApp account that reacts' },
  { ...chatField, description: 'The chat of the message: a person or a group' },
  {
    displayName: 'Message ID',
    name: 'messageId',
    type: 'string',
    default: '',
    required: true,
    placeholder: 'e.g. {{ $json.messageId }}',
    description: 'The message to react to. It must be in the chat.',
  },
  {
    displayName: 'Emoji',
    name: 'emoji',
    type: 'string',
    default: '👍',
    description: 'One emoji. It replaces an earlier reaction of the account. If empty, the reaction is removed.',
  },
  ...waitFields,
  reactionOptionFields,
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const target = readTarget(context, itemIndex);
  const messageId = textValue(context, 'messageId', itemIndex).trim();
  if (messageId === '') {
    throw new NodeOperationError(context.getNode(), 'The message to react to is missing', {
      itemIndex,
      description:
        'The trigger provides it: {{ $json.messageId }}. If the field has an expression, the expression returned nothing for this item.',
    });
  }
  const emoji = textValue(context, 'emoji', itemIndex).trim();
  const options = context.getNodeParameter('options', itemIndex, {}) as SendOptions;
  return await send(context, itemIndex, options, { ...target, type: 'reaction', messageId, emoji });
}

import {
  NodeOperationError,
  type IExecuteFunctions,
  type INodeExecutionData,
  type INodeProperties,
} from 'n8n-workflow';
import { chatField } from '../../../shared/chat-field';
import type { SendableMediaKind } from '../../../shared/contract.generated';
import { optionalSessionField } from '../../../shared/session-field';
import { idempotencyOf } from '../../idempotency';
import { textValue } from '../operation';
import { optionFields, waitFields } from './fields';
import { readFile, uploadFile } from './file';
import { readRecipient, send } from './send';

export const fields: INodeProperties[] = [
  { ...optionalSessionField, description: 'The linked WhatsApp account that sends the message' },
  chatField,
  {
    displayName: 'Input Binary Field',
    name: 'binaryPropertyName',
    type: 'string',
    default: 'data',
    required: true,
    hint: 'The name of the input binary field that holds the file to be sent',
  },
  {
    displayName: 'Send As',
    name: 'kind',
    type: 'options',
    options: [
      { name: 'Audio', value: 'audio', description: 'Played in the chat' },
      {
        name: 'Automatic',
        value: 'auto',
        description:
          'Depends on the type of the file; anything other than an image, video or audio file is sent as a document',
      },
      { name: 'Document', value: 'document', description: 'Any file, unchanged, with its name' },
      { name: 'Image', value: 'image', description: 'Shown in the chat' },
      { name: 'Video', value: 'video', description: 'Played in the chat' },
    ],
    default: 'auto',
    description: 'How the file appears in the chat',
  },
  {
    displayName: 'Caption',
    name: 'caption',
    type: 'string',
    typeOptions: { rows: 2 },
    default: '',
    description: 'Text shown below the file; WhatsApp shows none below audio',
    displayOptions: { hide: { kind: ['audio'] } },
  },
  {
    displayName: 'File Name',
    name: 'fileName',
    type: 'string',
    default: '',
    placeholder: 'e.g. invoice.pdf',
    description: 'The file name that the recipient sees. If empty, the name of the binary field is used.',
  },
  ...waitFields,
  optionFields,
];

export async function execute(context: IExecuteFunctions, itemIndex: number): Promise<INodeExecutionData[]> {
  const { recipient, options } = readRecipient(context, itemIndex);
  const file = await readFile(context, itemIndex, textValue(context, 'binaryPropertyName', itemIndex));
  if (file.sizeBytes === 0) throw new NodeOperationError(context.getNode(), 'The file is empty', { itemIndex });
  const chosen = context.getNodeParameter('kind', itemIndex) as SendableMediaKind | 'auto';
  const type = chosen === 'auto' ? kindOf(file.mimeType) : chosen;
  const caption = textValue(context, 'caption', itemIndex);
  const fileName = textValue(context, 'fileName', itemIndex).trim() || file.fileName?.trim() || undefined;
  const named = fileName === undefined ? {} : { fileName };
  const idempotency = idempotencyOf(context, itemIndex, options.idempotencyKey, {
    ...recipient,
    type,
    // The words and the order are part of keys that bridges remember, so they stay those of the first version.
    ...(caption === '' ? {} : { caption }),
    ...named,
    sha256: file.sha256,
  });
  const mediaId = await uploadFile(context, itemIndex, file, idempotency.key, fileName);
  // The kind may follow from the file of each item, and WhatsApp shows no caption below audio.
  const text = caption === '' || type === 'audio' ? {} : { text: caption };
  return await send(context, itemIndex, options, { ...recipient, type, ...text, ...named, mediaId }, idempotency);
}

function kindOf(mimeType: string): SendableMediaKind {
  if (['image/jpeg', 'image/png', 'image/webp'].includes(mimeType)) return 'image';
  if (['video/mp4', 'video/3gpp'].includes(mimeType)) return 'video';
  if (mimeType.startsWith('audio/')) return 'audio';
  return 'document';
}

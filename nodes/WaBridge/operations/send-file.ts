/** Uploads the file of an item and sends it. */
import type { IExecuteFunctions, INodeExecutionData } from 'n8n-workflow';
import type { OperationEntry } from '../../shared/operation-table';
import { asText } from '../../shared/text';
import { readFile, uploadFile, type ItemFile } from './file';
import { textValue } from './parameters';
import type { Input } from './request';
import { contentOf, keyFor, send, type Content } from './send';
import { fieldWith } from './widgets';

/** The file that the parameters name. @throws NodeOperationError if there is none, or it is empty */
export const readItemFile = async (context: IExecuteFunctions, itemIndex: number): Promise<ItemFile> =>
  await readFile(context, itemIndex, textValue(context, 'binaryPropertyName', itemIndex));

/** The input with the name of the file itself, if no other was given and the operation takes one. */
export function withFileName(entry: OperationEntry, input: Input, file: ItemFile): Input {
  const field = fieldWith(entry, 'fileName');
  const name = file.fileName?.trim() ?? '';
  return field === undefined || name === '' || input[field] !== undefined ? input : { ...input, [field]: name };
}

/**
 * @param input without the media id, which follows from the file and the message
 * @param content what tells this message from others, besides the bytes of the file
 * @throws what `send` throws, and NodeApiError if the file cannot be uploaded
 */
export async function sendFile(
  context: IExecuteFunctions,
  itemIndex: number,
  entry: OperationEntry,
  input: Input,
  file: ItemFile,
  content: Content = contentOf(entry, input),
): Promise<INodeExecutionData[]> {
  const idempotency = keyFor(context, itemIndex, { ...content, sha256: file.sha256 });
  const fileName = asText(input[fieldWith(entry, 'fileName') ?? '']) || undefined;
  const mediaId = await uploadFile(context, itemIndex, file, idempotency.key, fileName);
  return await send(context, itemIndex, entry, { ...input, [fieldWith(entry, 'media') ?? '']: mediaId }, idempotency);
}

/** A file of an item, hashed before it is uploaded: the signature covers the digest, not the bytes. */
import { createHash } from 'node:crypto';
import { NodeOperationError, type IExecuteFunctions } from 'n8n-workflow';
import { bridgeRequest, retryWhileUnavailable, type BridgeBytes } from '../../shared/transport';

export interface ItemFile {
  readonly mimeType: string;
  readonly fileName: string | undefined;
  readonly sizeBytes: number;
  /** Base64. */
  readonly sha256: string;
  /** The bytes, from their beginning each time. */
  open(): Promise<BridgeBytes>;
}

/** @throws NodeOperationError if the item has no such binary field, or the file is empty */
export async function readFile(context: IExecuteFunctions, itemIndex: number, field: string): Promise<ItemFile> {
  const file = await hashed(context, itemIndex, field);
  if (file.sizeBytes === 0) throw new NodeOperationError(context.getNode(), 'The file is empty', { itemIndex });
  return file;
}

async function hashed(context: IExecuteFunctions, itemIndex: number, field: string): Promise<ItemFile> {
  const binary = context.helpers.assertBinaryData(itemIndex, field);
  const { id, mimeType, fileName } = binary;
  const about = { mimeType: mimeType || 'application/octet-stream', fileName };
  if (id === undefined) {
    const bytes = await context.helpers.getBinaryDataBuffer(itemIndex, field);
    return {
      ...about,
      sizeBytes: bytes.length,
      sha256: createHash('sha256').update(bytes).digest('base64'),
      open: async () => bytes,
    };
  }
  // Stored outside the item: read twice, so that a large file is never held in memory.
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of await context.helpers.getBinaryStream(id)) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return {
    ...about,
    sizeBytes,
    sha256: hash.digest('base64'),
    open: async () => await context.helpers.getBinaryStream(id),
  };
}

/**
 * Uploads a file under an id that follows from the message's key and the bytes, so that a retry uploads the same again.
 *
 * @returns the media id
 */
export async function uploadFile(
  context: IExecuteFunctions,
  itemIndex: number,
  file: ItemFile,
  idempotencyKey: string,
  fileName: string | undefined,
): Promise<string> {
  const mediaId = mediaIdOf(idempotencyKey, file.sha256);
  await retryWhileUnavailable(context, async () =>
    bridgeRequest(context, {
      method: 'PUT',
      path: `/v1/media/${mediaId}`,
      ...(fileName === undefined ? {} : { query: { fileName: fileName.slice(0, 255) } }),
      bytes: { data: await file.open(), contentType: file.mimeType, sha256: file.sha256, sizeBytes: file.sizeBytes },
      // A large file takes its time.
      waitMs: 10 * 60_000,
      itemIndex,
    }),
  );
  return mediaId;
}

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** `med_` and 26 characters of Crockford's base 32, derived from the message and the file. */
function mediaIdOf(idempotencyKey: string, sha256: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([idempotencyKey, sha256]))
    .digest();
  // A ULID begins with 0 to 7.
  const letters = Array.from(digest.subarray(0, 26), (byte, index) => CROCKFORD.charAt(byte % (index === 0 ? 8 : 32)));
  return `med_${letters.join('')}`;
}

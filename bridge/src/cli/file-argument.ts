/** A file that a simulated person attaches, as the sandbox takes it: inside of the request. */
import { readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { fileTypeFromBuffer } from 'file-type';
import { ArgumentError } from './command.ts';

/** Encoded as base64 it has to fit into one request. */
const MAX_BYTES = 16 * 1024 * 1024;

export interface AttachedFile {
  readonly kind: 'image' | 'video' | 'audio' | 'document';
  readonly mimeType: string;
  readonly fileName: string;
  readonly base64: string;
}

/**
 * The file with its kind, which follows from its bytes.
 *
 * @throws ArgumentError if it cannot be read or is too large
 */
export async function attachedFile(path: string): Promise<AttachedFile> {
  const bytes = contentOf(path);
  const mimeType = (await fileTypeFromBuffer(bytes).catch(() => undefined))?.mime ?? 'application/octet-stream';
  const family = mimeType.split('/', 1)[0];
  const kind = family === 'image' || family === 'video' || family === 'audio' ? family : 'document';
  return { kind, mimeType, fileName: basename(path), base64: bytes.toString('base64') };
}

function contentOf(path: string): Buffer {
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES)
      throw new ArgumentError(`${path} is larger than the ${MAX_BYTES / 1024 / 1024} MB that the sandbox accepts.`);
    return readFileSync(path);
  } catch (error) {
    if (error instanceof ArgumentError) throw error;
    throw new ArgumentError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

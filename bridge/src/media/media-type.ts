/** What a file is, from its bytes, and as what WhatsApp takes it. Names and claims of the sender play no part. */
import { open } from 'node:fs/promises';
import { fileTypeFromFile } from 'file-type';
import type { FileRules } from '../contract/kind.ts';
import { KIND_CATALOGUE, type MediaKind } from '../contract/kinds.ts';

const UNKNOWN = 'application/octet-stream';
const SAMPLE_BYTES = 4096;
const EXTENSIONS: Readonly<Record<string, string>> = {
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/webp': 'webp',
  'image/gif': 'gif',
  'video/mp4': 'mp4',
  'video/3gpp': '3gp',
  'video/quicktime': 'mov',
  'audio/mpeg': 'mp3',
  'audio/ogg': 'ogg',
  'audio/x-m4a': 'm4a',
  'audio/aac': 'aac',
  'audio/amr': 'amr',
  'application/pdf': 'pdf',
  'application/zip': 'zip',
  'text/plain': 'txt',
};

/** The MIME type of a file: by its signature, else `text/plain` where it is text, else octet-stream. */
export async function typeOfFile(path: string): Promise<string> {
  // A damaged file makes some parsers throw; its type is then simply not known.
  const found = await fileTypeFromFile(path).catch(() => undefined);
  if (found) return found.mime;
  return (await isText(path)) ? 'text/plain' : UNKNOWN;
}

/** Whether WhatsApp takes a file of this type as this kind. */
export function fitsKind(mimeType: string, kind: MediaKind): boolean {
  const { mimeTypes }: FileRules = KIND_CATALOGUE[kind].file;
  const type = bare(mimeType);
  return mimeTypes === 'any' || mimeTypes.some((each) => each === type || each === type.replace(/\/.*$/, '/*'));
}

/** A file name for a type, where nobody gave one. */
export function nameFor(base: string, mimeType: string): string {
  const extension = EXTENSIONS[bare(mimeType)];
  return extension ? `${base}.${extension}` : base;
}

const bare = (mimeType: string): string => mimeType.split(';', 1)[0]!.trim();

async function isText(path: string): Promise<boolean> {
  const file = await open(path, 'r');
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(SAMPLE_BYTES), 0, SAMPLE_BYTES, 0);
    if (bytesRead === 0) return false;
    const sample = buffer.subarray(0, bytesRead);
    // The sample may end within a character: `stream` keeps the rest back instead of failing.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(sample, { stream: true });
    // eslint-disable-next-line no-control-regex -- control characters are what tells binary from text
    return !/[\u0000-\u0008\u000e-\u001a\u001c-\u001f]/.test(text);
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

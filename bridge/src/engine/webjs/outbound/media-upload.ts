/** Uploads a file that is to be sent into the page, part by part, so that it is never in this process as a whole. */
import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { EngineError } from '../../engine.ts';
import type { OutgoingFile } from '../../engine-operations.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { addFilePart, dropFile, PART_BYTES } from '../page/page-media.ts';
import { describe } from '../page/page-reason.ts';

/**
 * @returns the token under which the page holds the file until `dropUpload`
 * @throws EngineError: `fail` for a file that cannot be read, `defer` where the way to the page broke
 */
export async function uploadToPage(page: PageCalls, deadlines: Deadlines, file: OutgoingFile): Promise<string> {
  const token = randomUUID();
  try {
    // Also an empty file has a part.
    await page.call(addFilePart, deadlines.call, token, '');
    for await (const part of partsOf(file))
      await page.call(addFilePart, deadlines.call, token, part.toString('base64'));
    return token;
  } catch (error) {
    dropUpload(page, deadlines, token);
    if (error instanceof EngineError) throw error;
    // It counts against the message: the file itself may be what breaks the page.
    throw new EngineError('defer', 'WAB_MEDIA_FAILED', describe(error), { cause: error });
  }
}

/** The page frees the file; what it has sent of it stays. A page that is gone has freed it by that. */
export function dropUpload(page: PageCalls, deadlines: Deadlines, token: string): void {
  page.call(dropFile, deadlines.call, token).catch(() => undefined);
}

async function* partsOf(file: OutgoingFile): AsyncIterable<Buffer> {
  try {
    for await (const part of createReadStream(file.path, { highWaterMark: PART_BYTES })) yield part as Buffer;
  } catch (error) {
    throw new EngineError('fail', 'WAB_SEND_REFUSED', 'the file to send cannot be read', { cause: error });
  }
}

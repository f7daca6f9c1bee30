/** Files that an operation takes: on the command line by their path, for the bridge by the id under which they were uploaded. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { MEDIA_ID_PATTERN, uploadIdOf, type MediaId } from '../contract/ids.ts';
import type { BridgeClient } from './client.ts';
import { ArgumentError } from './command.ts';

/**
 * The id of a file that is stored, or of one that is uploaded now. A file that is sent again for the same request has the
 * same id, so that the request is the same.
 *
 * @param written a media id, or a path
 * @param request what tells the request from others
 * @throws ArgumentError if the file cannot be read; ProblemError, UnreachableError
 */
export async function uploaded(client: BridgeClient, written: string, request: string): Promise<MediaId> {
  if (new RegExp(MEDIA_ID_PATTERN).test(written)) return written as MediaId;
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(written)) hash.update(chunk as Buffer);
  } catch (error) {
    throw new ArgumentError(
      `${written} cannot be read (${(error as NodeJS.ErrnoException).code}). Give the path of a file, or the id of one that is stored (med_…).`,
    );
  }
  const mediaId = uploadIdOf(request, hash.digest('hex'));
  await client.upload(`/v1/media/${mediaId}`, written, { query: { fileName: basename(written) } });
  return mediaId;
}

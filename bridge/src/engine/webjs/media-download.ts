/** Fetches the file of an incoming message out of the page. */
import { Readable } from 'node:stream';
import type { WireId } from '../../contract/ids.ts';
import { EngineError } from '../engine.ts';
import { type BrowserRun, describe } from './browser-run.ts';
import { type Deadlines, within } from './deadlines.ts';
import { readMediaStage } from './page-functions.ts';

/** @throws EngineError: `fail` where WhatsApp has the file no more, `defer` to try again */
export async function downloadMedia(
  run: Pick<BrowserRun, 'page' | 'client'>,
  deadlines: Deadlines,
  wireId: WireId,
): Promise<NodeJS.ReadableStream> {
  const gone = (reason: string): EngineError => new EngineError('fail', 'WAB_SEND_REFUSED', reason);
  try {
    const stage = await run.page.call(readMediaStage, deadlines.call, wireId);
    if (stage === null) throw gone('WhatsApp Web has no such message with media');
    const message = await within(run.client.getMessageById(wireId), deadlines.call, 'reading the message');
    const media = await within(message.downloadMedia(), deadlines.media, 'the download');
    if (media) return Readable.from([Buffer.from(media.data, 'base64')]);
    const after = await run.page.call(readMediaStage, deadlines.call, wireId);
    if (after === 'REUPLOADING' || after === 'FETCHING')
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'the phone is asked to upload the file again');
    throw gone('WhatsApp does not have the file any more');
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
  }
}

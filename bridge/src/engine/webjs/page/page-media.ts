/**
 * Files on their way out of the page and into it, in parts, since a whole file as one text would pass through the memory
 * of two processes several times. Functions that run in the page, see `page-functions.ts` for their rules.
 */
import type { PageWindow } from './page-window.ts';

declare const window: PageWindow;

/** Bytes of one part, for those who call; as base64 a third more. */
export const PART_BYTES = 1024 * 1024;

export interface FileOutlook {
  /** WhatsApp Web's name for where the download stands. */
  readonly stage: string;
  /** As the sender stated it; null if nothing is known. */
  readonly sizeBytes: number | null;
}

/** The page threw, or what is asked about has not loaded yet. */
interface FileLookFailed {
  readonly failed: string;
  readonly reloading: boolean;
}

/** What is known of a message's file before it is downloaded; null if the page has no such message. */
export async function lookAtFile(messageId: string): Promise<FileOutlook | FileLookFailed | null> {
  try {
    const { Msg } = window.require('WAWebCollections');
    const found = Msg.get(messageId) ?? (await Msg.getMessagesById([messageId]).catch(() => undefined))?.messages?.[0];
    if (!found) return null;
    // What the file needs can reach the page after its message.
    if (!found.directPath) return { failed: 'WhatsApp Web does not have this file yet', reloading: false };
    return {
      stage: found.mediaData?.mediaStage ?? '',
      sizeBytes: typeof found.size === 'number' ? found.size : null,
    };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error), reloading: !window.WWebJS };
  }
}

export type FetchedFile =
  | { readonly state: 'here'; readonly sizeBytes: number }
  /** `later`: the sender's phone is asked to upload it again. */
  | { readonly state: 'gone' | 'later' }
  | { readonly state: 'failed'; readonly reason: string };

/** Downloads and decrypts a file, which stays in the page under the token until `dropFile`. */
export async function fetchFile(token: string, messageId: string): Promise<FetchedFile> {
  const abort = new AbortController();
  const file = { abort, bytes: null as ArrayBuffer | null, parts: [] };
  window.wabridge.files.set(token, file);
  const none = <Outcome>(outcome: Outcome): Outcome => {
    window.wabridge.files.delete(token);
    return outcome;
  };
  try {
    const { Msg } = window.require('WAWebCollections');
    const message = Msg.get(messageId) ?? (await Msg.getMessagesById([messageId]))?.messages?.[0];
    const media = message?.mediaData;
    if (!message || !media) return none({ state: 'gone' });
    if (media.mediaStage !== 'RESOLVED') {
      let settled = false;
      const resolving = message
        .downloadMedia({ downloadEvenIfExpensive: true, rmrReason: 1 })
        .finally(() => (settled = true));
      resolving.catch(() => undefined);
      // A phone that is away keeps this open for days, so what is asked of it is not waited for.
      while (!settled && media.mediaStage !== 'REUPLOADING' && !abort.signal.aborted)
        await new Promise((resolve) => setTimeout(resolve, 50));
      const stage = media.mediaStage ?? '';
      if (stage === 'REUPLOADING' || stage === 'FETCHING') return none({ state: 'later' });
      if (stage.includes('MISSING') || stage.includes('UNSUPPORTED')) return none({ state: 'gone' });
      if (stage.includes('ERROR')) return none({ state: 'failed', reason: `the download ended in ${stage}` });
    }
    const annotations = { addAnnotations: () => annotations, addPoint: () => annotations };
    const bytes = await window.require('WAWebDownloadManager').downloadManager.downloadAndMaybeDecrypt({
      directPath: message.directPath,
      encFilehash: message.encFilehash,
      filehash: message.filehash,
      mediaKey: message.mediaKey,
      mediaKeyTimestamp: message.mediaKeyTimestamp,
      type: message.type,
      signal: abort.signal,
      downloadQpl: annotations,
    });
    if (abort.signal.aborted) return none({ state: 'failed', reason: 'the request was abandoned' });
    file.bytes = bytes;
    return { state: 'here', sizeBytes: bytes.byteLength };
  } catch (error) {
    if ((error as { readonly status?: number }).status === 404) return none({ state: 'gone' });
    return none({ state: 'failed', reason: error instanceof Error ? error.message : String(error) });
  }
}

/** A part of a fetched file, base64; null if the page no longer has it. */
export async function readFilePart(token: string, offset: number, length: number): Promise<string | null> {
  const bytes = window.wabridge.files.get(token)?.bytes;
  const helpers = window.WWebJS;
  if (!bytes || !helpers) return null;
  return helpers.arrayBufferToBase64Async(bytes.slice(offset, offset + length));
}

/** Adds a part to a file that is to be sent. A part is kept as a blob, outside the memory of the page's scripts. */
export function addFilePart(token: string, base64: string): void {
  const { files } = window.wabridge;
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let place = 0; place < text.length; place++) bytes[place] = text.charCodeAt(place);
  const file = files.get(token) ?? { abort: new AbortController(), bytes: null, parts: [] };
  file.parts.push(new Blob([bytes]));
  files.set(token, file);
}

/** Frees what the page holds of a file, and ends its download. */
export function dropFile(token: string): void {
  const { files } = window.wabridge;
  files.get(token)?.abort.abort();
  files.delete(token);
}

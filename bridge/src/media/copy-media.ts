/** Brings the files of one media store into another: again and again, if it must be; what is there already is skipped. */
import { WabError } from '../contract/errors.ts';
import type { MediaStore } from './media-store.ts';

export interface CopyProgress {
  readonly copied: number;
  readonly copiedBytes: number;
  /** Were in the target already, with the same size and digest. */
  readonly skipped: number;
}

/**
 * Copies every file, verifying digests: of what was read against what was stored, and by the target of what it stored.
 *
 * @param report called after each file
 * @throws WabError WAB_MEDIA_DAMAGED, WAB_MEDIA_STORE_UNAVAILABLE, WAB_MEDIA_STORE_UNUSABLE; a second run goes on from there
 */
export async function copyMedia(
  from: MediaStore,
  to: MediaStore,
  report: (progress: CopyProgress) => void,
): Promise<CopyProgress> {
  await from.check();
  await to.start();
  await to.check();
  let progress: CopyProgress = { copied: 0, copiedBytes: 0, skipped: 0 };
  for await (const mediaId of from.keys()) {
    const source = await from.describe(mediaId);
    const target = source && (await to.describe(mediaId));
    // It was removed meanwhile.
    if (source === null) continue;
    if (target !== null && target.sizeBytes === source.sizeBytes && target.sha256 === source.sha256)
      progress = { ...progress, skipped: progress.skipped + 1 };
    else {
      if (!(await copyFile(from, to, mediaId, source.sha256))) continue;
      progress = {
        ...progress,
        copied: progress.copied + 1,
        copiedBytes: progress.copiedBytes + source.sizeBytes,
      };
    }
    report(progress);
  }
  return progress;
}

/** @returns false if it was removed meanwhile */
async function copyFile(from: MediaStore, to: MediaStore, mediaId: string, sha256: string): Promise<boolean> {
  const body = await from.open(mediaId);
  if (body === null) return false;
  const file = await to.spool(body, () => undefined);
  try {
    if (file.sha256 !== sha256) throw new WabError('WAB_MEDIA_DAMAGED', { mediaId });
    await file.commit(mediaId);
    return true;
  } finally {
    await file.discard();
  }
}

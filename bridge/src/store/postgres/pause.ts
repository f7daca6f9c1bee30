/** Pauses between tries, which a stop of the bridge ends. */
import { setTimeout as wait } from 'node:timers/promises';
import { WabError } from '../../contract/errors.ts';

/** @throws WabError WAB_SHUTTING_DOWN once `stopping` fires */
export async function pause(ms: number, stopping: AbortSignal): Promise<void> {
  await wait(ms, undefined, { signal: stopping }).catch(() => {
    throw new WabError('WAB_SHUTTING_DOWN');
  });
}

/**
 * Waits about as long as it is told: a quarter more or less is chance, so that those who failed together do not return
 * together.
 *
 * @returns how long to wait the next time: twice as long, up to the longest; milliseconds
 * @throws WabError WAB_SHUTTING_DOWN once `stopping` fires
 */
export async function growingPause(ms: number, longestMs: number, stopping: AbortSignal): Promise<number> {
  await pause(ms * (0.75 + Math.random() / 2), stopping);
  return Math.min(2 * ms, longestMs);
}

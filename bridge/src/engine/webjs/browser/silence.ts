/**
 * What a page is that does not answer, as a pure function of the processor time that its renderer used meanwhile. A page
 * that computes is busy and answers later, so it is waited for; one that computes nothing and answers nothing hangs.
 */

/** Processor time that the renderers have used since they began. */
export interface CpuSample {
  /** When it was read, in milliseconds. */
  readonly at: number;
  readonly cpuSeconds: number;
}

export interface SilenceLimits {
  /** So long without an answer counts as silence, in milliseconds. */
  readonly pageSilent: number;
  /** So long without an answer and without computing is a page that hangs. */
  readonly hungAfter: number;
  /** So long a page may compute without an answer. */
  readonly busyAtMost: number;
}

/** `answers`; `silent`: not known yet; `busy`: computes; `hung`: does nothing; `stuck`: has computed for too long. */
export type PageState = 'answers' | 'silent' | 'busy' | 'hung' | 'stuck';

/** Less than this share of a processor is what a page uses that waits. */
const COMPUTES_FROM = 0.02;

/**
 * @param since when the question was asked that has no answer yet, in milliseconds; null if all are answered
 * @param samples since then, oldest first; none if the processor time cannot be read, and such a page counts as busy
 */
export function judgeSilence(
  since: number | null,
  samples: readonly CpuSample[],
  now: number,
  limits: SilenceLimits,
): PageState {
  if (since === null || now - since < limits.pageSilent) return 'answers';
  if (now - since >= limits.busyAtMost) return 'stuck';
  const active = lastActive(samples);
  if (active === undefined) return samples.length === 0 ? 'busy' : 'silent';
  if (now - Math.max(since, active) >= limits.hungAfter) return 'hung';
  return active > since ? 'busy' : 'silent';
}

/** When the renderers were last seen to compute; `-Infinity` if never, undefined if too little is known. */
function lastActive(samples: readonly CpuSample[]): number | undefined {
  if (samples.length < 2) return undefined;
  for (let index = samples.length - 1; index > 0; index--) {
    const [before, after] = [samples[index - 1] as CpuSample, samples[index] as CpuSample];
    const share = (after.cpuSeconds - before.cpuSeconds) / ((after.at - before.at) / 1000);
    // Less than before: a renderer was replaced, so that something goes on.
    if (share >= COMPUTES_FROM || share < 0) return after.at;
  }
  return -Infinity;
}

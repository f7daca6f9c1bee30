/** How long to wait before the next connection. Pure: chance is passed in. */
import type { BridgeBye } from '../shared/contract.generated';

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
const AFTER_SUPERSEDED_MS = 60_000;
/** After an end that only a person or an update can heal: rarely enough to do no harm, often enough to notice. */
const AFTER_FINAL_MS = 60_000;

/** How a connection ended. */
export type End =
  /** The upgrade was refused, or nothing answered. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'closed'; readonly code: number; readonly bye: BridgeBye | null }
  /** Nothing was heard for longer than allowed. */
  | { readonly kind: 'silent' }
  /** The bridge refused the subscription. */
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string }
  /** An event was missing; the bridge is asked again. */
  | { readonly kind: 'gap' }
  /** This side ended it on purpose. */
  | { readonly kind: 'left' };

/**
 * Exponential with jitter, so that many triggers do not return at the same moment; what the bridge asks for in its
 * `bye` is a lower bound.
 *
 * @param failures connections that failed in a row before this end, this one included
 * @param random a number in [0, 1)
 * @returns milliseconds
 */
export function pauseBeforeReconnect(end: End, failures: number, random: number): number {
  const exponential = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(Math.max(failures - 1, 0), 16));
  const backoff = exponential / 2 + (exponential / 2) * random;
  if (end.kind === 'gap') return 0;
  if (isBusy(end)) return AFTER_SUPERSEDED_MS * (1 + random / 4);
  if (end.kind !== 'closed') return backoff;
  const asked = (end.bye?.reconnectAfterMs ?? 0) * (1 + random / 4);
  if (isSuperseded(end)) {
    return Math.max(AFTER_SUPERSEDED_MS * (1 + random / 4), asked);
  }
  if (isFinal(end)) return Math.max(AFTER_FINAL_MS * (1 + random), asked);
  return Math.max(backoff, asked);
}

/** Whether another connection holds the subscription, and this one did not ask to take it over. */
export const isBusy = (end: End): boolean => end.kind === 'rejected' && end.code === 'WAB_SUBSCRIPTION_BUSY';

/** Whether another connection took the subscription over. */
export const isSuperseded = (end: End): boolean =>
  end.kind === 'closed' && (end.code === 4002 || end.bye?.reason === 'superseded');

/** Whether the bridge said that coming back does not help until somebody changes something. */
export const isFinal = (end: End): boolean =>
  end.kind === 'closed' &&
  ([4001, 4003, 4005].includes(end.code) ||
    ['key_revoked', 'protocol_error', 'subscription_deleted'].includes(end.bye?.reason ?? ''));

/**
 * What follows from a failed attempt: one table, keyed by what is known of the message. A pure decision; the dispatcher
 * carries it out.
 */
import { WabError, type ErrorCode } from '../contract/errors.ts';
import { EngineError } from '../engine/engine.ts';
import { doubledMs } from '../ops/backoff.ts';
import { reasonOf } from '../ops/reason.ts';

export interface RetryLimits {
  /** Attempts that count, after which a message is given up. */
  readonly maxAttempts: number;
  /** Age in milliseconds after which a message that still waits is given up. */
  readonly maxAgeMs: number;
}
export const DEFAULT_RETRY_LIMITS: RetryLimits = { maxAttempts: 20, maxAgeMs: 24 * 3_600_000 };

/** What is known of a message whose attempt did not succeed. */
export interface Failure {
  /**
   * `fail`, `defer` and `unknown` as engines say; `absent`: the answer was lost and WhatsApp does not have it;
   * `repeatable`: the answer was lost, and once more does no harm.
   */
  readonly outcome: 'fail' | 'defer' | 'unknown' | 'absent' | 'repeatable';
  readonly code: ErrorCode;
  readonly reason: string;
  /** Not before this many milliseconds. */
  readonly retryAfterMs?: number;
}

interface Backoff {
  readonly baseMs: number;
  readonly capMs: number;
}
type Rule =
  | { readonly then: 'fail' }
  | { readonly then: 'hold' }
  /** `counts` is false if the attempt says nothing about the message. */
  | {
      readonly then: 'retry';
      readonly counts: boolean;
      readonly backoff: Backoff;
      /** Fewer than others get. */
      readonly maxAttempts?: number;
    };

type Row = Partial<Record<ErrorCode, Rule>> & { readonly otherwise: Rule };

const HOUR = 3_600_000;
const USUAL: Backoff = { baseMs: 2_000, capMs: 600_000 };
const TABLE: Readonly<Record<Failure['outcome'], Row>> = {
  fail: { otherwise: { then: 'fail' } },
  defer: {
    // The session comes back by itself and wakes the lane; the short delay only covers a signal that was missed.
    WAB_SESSION_NOT_READY: { then: 'retry', counts: false, backoff: { baseMs: 2_000, capMs: 2_000 } },
    // The store comes back, or somebody mends it: the file waits as long as the message may.
    WAB_MEDIA_STORE_UNAVAILABLE: { then: 'retry', counts: false, backoff: { baseMs: 10_000, capMs: 10_000 } },
    // WhatsApp itself said no for now, which is how it limits a sender: slow down visibly.
    WAB_SEND_REFUSED: { then: 'retry', counts: true, backoff: { baseMs: 10_000, capMs: HOUR } },
    // The page threw: mostly the file or the build is at fault, and both stay as they are. Ten minutes, not the chat's day.
    WAB_SEND_FAILED: { then: 'retry', counts: true, backoff: { baseMs: 5_000, capMs: 300_000 }, maxAttempts: 8 },
    otherwise: { then: 'retry', counts: true, backoff: USUAL },
  },
  unknown: { otherwise: { then: 'hold' } },
  absent: { otherwise: { then: 'retry', counts: true, backoff: USUAL } },
  // A reaction that arrives twice is one reaction: nobody has to settle what sending it again settles.
  repeatable: { otherwise: { then: 'retry', counts: true, backoff: USUAL } },
};

export interface Attempted {
  /** Attempts that count, this one included. */
  readonly attempts: number;
  /** Milliseconds since the message was accepted, or put back into the queue by hand. */
  readonly ageMs: number;
}

export type Verdict =
  | { readonly kind: 'fail'; readonly code: ErrorCode; readonly reason: string }
  | {
      readonly kind: 'retry';
      readonly afterMs: number;
      readonly counts: boolean;
      readonly code: ErrorCode;
      readonly reason: string;
    }
  | { readonly kind: 'give_up'; readonly attempts: number; readonly reason: string }
  | { readonly kind: 'hold'; readonly reason: string };

/** @param random in [0, 1): spreads retries over the last fifth of the delay */
export function decide(failure: Failure, attempted: Attempted, limits: RetryLimits, random: number): Verdict {
  const { code, reason } = failure;
  const row = TABLE[failure.outcome];
  const rule = row[code] ?? row.otherwise;
  if (rule.then === 'fail') return { kind: 'fail', code, reason };
  if (rule.then === 'hold') return { kind: 'hold', reason };

  const maxAttempts = Math.min(rule.maxAttempts ?? Infinity, limits.maxAttempts);
  if (rule.counts && attempted.attempts >= maxAttempts)
    return { kind: 'give_up', attempts: attempted.attempts, reason };
  const afterMs = delay(rule.backoff, attempted.attempts, failure.retryAfterMs ?? 0, random);
  if (attempted.ageMs + afterMs > limits.maxAgeMs) return { kind: 'give_up', attempts: attempted.attempts, reason };
  return { kind: 'retry', afterMs, counts: rule.counts, code, reason };
}

function delay(backoff: Backoff, attempts: number, retryAfterMs: number, random: number): number {
  const doubled = doubledMs(backoff.baseMs, backoff.capMs, attempts);
  const spread = Math.round(doubled * (0.8 + 0.2 * random));
  return Math.max(spread, Math.min(retryAfterMs, HOUR));
}

/** What an error of `engine.perform` says. Anything but an EngineError says nothing, so the message may have left. */
export function failureOfSend(error: unknown): Failure {
  if (!(error instanceof EngineError)) return { outcome: 'unknown', code: 'WAB_INTERNAL', reason: reasonOf(error) };
  const { outcome, code, message: reason, retryAfterMs } = error;
  return { outcome, code, reason, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

/** A send whose outcome is unknown, of something that may be sent again. */
export const repeated = (reason: string): Failure => ({ outcome: 'repeatable', code: 'WAB_SEND_REPEATED', reason });

/** What an error before the send says: nothing has left yet, so nothing can be in doubt. */
export function failureOfPreparation(error: unknown): Failure {
  if (error instanceof WabError && !error.retryable)
    return { outcome: 'fail', code: error.code, reason: error.message };
  if (error instanceof EngineError && error.outcome !== 'unknown') return failureOfSend(error);
  if (error instanceof WabError && error.code === 'WAB_MEDIA_STORE_UNAVAILABLE')
    return { outcome: 'defer', code: error.code, reason: error.message };
  // Not WAB_SESSION_NOT_READY: the session says that it is ready, so this attempt counts.
  return { outcome: 'defer', code: 'WAB_OVERLOADED', reason: reasonOf(error) };
}

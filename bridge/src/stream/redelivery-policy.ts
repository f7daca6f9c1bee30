/** When an event is delivered again, and when that stops. Pure. */

export interface RedeliveryPolicy {
  /** Refusals (nacks) after which an event becomes a dead letter. */
  readonly maxRefusals: number;
  /** Deliveries that ended in a lost connection after which an event becomes a dead letter. */
  readonly maxLosses: number;
  /** Wait after the first lost delivery, in milliseconds; doubles with each further one. */
  readonly lossBackoffMs: number;
  /** Longest wait after a lost delivery, in milliseconds. */
  readonly maxLossBackoffMs: number;
}

/**
 * From this many losses on, an event is a suspect: it may be what kills its reader. Suspects are delivered one at a
 * time, so that an innocent one is not in flight whenever the guilty one strikes, and does not share its fate.
 */
export const SUSPECT_AFTER_LOSSES = 3;

/** Milliseconds to wait after the `losses`th lost delivery of an event. */
export const lossBackoff = (policy: RedeliveryPolicy, losses: number): number =>
  Math.min(policy.maxLossBackoffMs, policy.lossBackoffMs * 2 ** Math.max(0, losses - 1));

/**
 * How long a superseded client is asked to stay away, in milliseconds. It then asks with `takeover: false`, so that two
 * readers of one subscription (production and a staging copy) do not take it from each other for ever.
 */
export const TAKEOVER_WAIT_MS = 60_000;

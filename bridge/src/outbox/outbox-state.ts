/**
 * The life of an outbox message as a pure table. Every write to the outbox names one of these transitions, and the
 * database carries it out as compare-and-set on the states it may start from, so that an illegal transition cannot be
 * written and an acknowledgement never moves a message backwards.
 */
import type { OutboxMove } from '../contract/event.ts';
import type { OutboxState } from '../contract/views/outbox-message.ts';

interface TransitionRule {
  readonly from: readonly OutboxState[];
  readonly to: OutboxState;
}

/**
 * Acknowledgements and sightings start from `queued` as well: only messages whose message id was chosen can be meant,
 * and one that was taken for absent and queued again may turn out to have left after all.
 */
export const TRANSITIONS = {
  /** The intent is written down; the engine is called next. */
  started: { from: ['queued'], to: 'sending' },
  /** It did not leave; try again later. From `queued` where the preparation failed. */
  deferred: { from: ['queued', 'sending'], to: 'queued' },
  /** WhatsApp took it. */
  accepted: { from: ['queued', 'sending', 'in_doubt'], to: 'accepted' },
  delivered: { from: ['queued', 'sending', 'accepted', 'in_doubt'], to: 'delivered' },
  read: { from: ['queued', 'sending', 'accepted', 'delivered', 'in_doubt'], to: 'read' },
  /** It did not leave and never will. */
  refused: { from: ['queued', 'sending'], to: 'failed' },
  /** It waited too long, or its session is gone. Not from `sending`: that one may be leaving at this moment. */
  expired: { from: ['queued'], to: 'failed' },
  /** WhatsApp took it and reported afterwards that it could not be sent. */
  rejected_late: { from: ['queued', 'sending', 'accepted', 'in_doubt'], to: 'failed' },
  /** Whether it left cannot be known. */
  outcome_unknown: { from: ['sending'], to: 'in_doubt' },
  /** It was in doubt, was to be sent again, and will not be: it may have left at first. */
  back_in_doubt: { from: ['queued'], to: 'in_doubt' },
  cancelled: { from: ['queued'], to: 'cancelled' },
  resolved_sent: { from: ['in_doubt'], to: 'accepted' },
  resolved_failed: { from: ['in_doubt'], to: 'failed' },
  resolved_resend: { from: ['in_doubt'], to: 'queued' },
} as const satisfies Record<string, TransitionRule>;

export type Transition = keyof typeof TRANSITIONS;

/** The state after a transition, or null if it is illegal or would move the message backwards. */
export function stateAfter(state: OutboxState, transition: Transition): OutboxState | null {
  const { from, to }: TransitionRule = TRANSITIONS[transition];
  return from.includes(state) ? to : null;
}

/** What a fact of WhatsApp that moves the message is to it. */
export const TRANSITION_OF_MOVE = {
  accepted: 'accepted',
  delivered: 'delivered',
  read: 'read',
  failed: 'rejected_late',
} as const satisfies Record<OutboxMove['to'], Transition>;

/** Whether the message may still reach WhatsApp without any further request. */
export const isPending = (state: OutboxState): boolean => state === 'queued' || state === 'sending';

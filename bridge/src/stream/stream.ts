/** The stream as HTTP and the CLI see it. The hub implements it. */
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { Filter } from '../contract/filter.ts';
import type { DeadLetterId, SubscriptionName } from '../contract/ids.ts';
import type { Principal } from '../auth/keys.ts';

export interface SubscriptionView {
  readonly name: SubscriptionName;
  readonly filter: Filter;
  readonly connected: boolean;
  /** Position acknowledged without a gap, as a cursor. */
  readonly cursor: string;
  /** Events that wait, counted up to 10,000. */
  readonly waiting: number;
  readonly inFlight: number;
  /** The lane that holds up the subscription, if any; never a full phone number. */
  readonly blockedBy: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string;
  readonly takeovers: number;
}

export interface DeadLetterView {
  readonly id: DeadLetterId;
  readonly subscription: SubscriptionName;
  readonly eventId: string;
  readonly eventType: string;
  readonly session: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly createdAt: string;
}

export interface Stream {
  /** Takes over an upgrade request that was verified. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal): void;
  subscriptions(): Promise<readonly SubscriptionView[]>;
  /** @throws WabError WAB_SUBSCRIPTION_NOT_FOUND */
  deleteSubscription(name: SubscriptionName): Promise<void>;
  deadLetters(limit: number, before?: DeadLetterId): Promise<readonly DeadLetterView[]>;
  /** Delivers a dead letter again, in its lane. @throws WabError WAB_DEAD_LETTER_NOT_FOUND */
  redrive(id: DeadLetterId): Promise<void>;
  /** @throws WabError WAB_DEAD_LETTER_NOT_FOUND */
  discard(id: DeadLetterId): Promise<void>;
}

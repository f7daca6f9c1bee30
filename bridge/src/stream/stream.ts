/** The stream as HTTP and the CLI see it. The hub implements it. */
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { DeadLetterId, SubscriptionName } from '../contract/ids.ts';
import type { DeadLetterView } from '../contract/views/dead-letter.ts';
import type { SubscriptionView } from '../contract/views/subscription.ts';
import type { Principal } from '../auth/keys.ts';
import type { DeadLetterPage } from '../store/dead-letters.repository.ts';
import type { KeyHolder } from './reach.ts';

/** Why no stream can be opened now, as the answer says it. */
export interface StreamRefusal {
  readonly status: 429 | 503;
  /** Plain ASCII. */
  readonly reason: string;
}

export interface Stream {
  /** Takes over an upgrade request that was verified. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, principal: Principal): void;
  /** Whether a stream of the key would be refused now; null if it would not. */
  refusal(principal: Principal): StreamRefusal | null;
  /** Those that the key may see all of. */
  subscriptions(holder: KeyHolder): Promise<readonly SubscriptionView[]>;
  /** @throws WabError WAB_SUBSCRIPTION_NOT_FOUND, even if the key may not see all of it */
  deleteSubscription(name: SubscriptionName, holder: KeyHolder): Promise<void>;
  /** Those that the key may see, newest first. */
  deadLetters(holder: KeyHolder, page: DeadLetterPage): Promise<readonly DeadLetterView[]>;
  /**
   * Delivers a dead letter again, in its lane.
   *
   * @throws WabError WAB_DEAD_LETTER_NOT_FOUND, WAB_SESSION_NOT_ALLOWED if the key may see the letter, but not all
   *   that its subscription reads
   */
  redrive(id: DeadLetterId, holder: KeyHolder): Promise<void>;
  /** @throws WabError WAB_DEAD_LETTER_NOT_FOUND, WAB_SESSION_NOT_ALLOWED as for `redrive` */
  discard(id: DeadLetterId, holder: KeyHolder): Promise<void>;
}

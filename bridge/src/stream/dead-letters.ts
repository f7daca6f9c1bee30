/** Deliveries that were given up: kept until someone redrives or discards them. */
import type { Log } from '../ops/logger.ts';
import { WabError } from '../contract/errors.ts';
import {
  newDeadLetterId,
  type DeadLetterId,
  type Seq,
  type SessionName,
  type SubscriptionName,
} from '../contract/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Clock } from '../ops/clock.ts';
import type { Database } from '../store/database.ts';
import {
  addDeadLetter,
  findDeadLetter,
  listDeadLetters,
  discardDeadLetter,
  redriveDeadLetter,
  settleLate,
  type DeadLetterPage,
  type StoredDeadLetter,
} from '../store/dead-letters.repository.ts';
import { subscriptionNamed } from '../store/stream.repository.ts';
import type { Position, PositionRecord } from './position.ts';
import type { KeyHolder } from './reach.ts';
import { maySeeSession } from './reading-rights.ts';
import type { RedeliveryPolicy } from './redelivery-policy.ts';
import type { DeadLetterView } from '../contract/views/dead-letter.ts';

export interface DeadLettersDependencies {
  readonly events: Pick<EventLog, 'read'>;
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly policy: RedeliveryPolicy;
}

export class DeadLetters {
  readonly #deps: DeadLettersDependencies;

  constructor(deps: DeadLettersDependencies) {
    this.#deps = deps;
  }

  /** Keeps a position whose tries are used up. Resolves when that is durable; an event that is gone is only logged. */
  async moveToDeadLetters(
    subscription: SubscriptionName,
    position: Readonly<Position>,
    refusal?: string,
  ): Promise<void> {
    const { events, database, clock, log, policy } = this.#deps;
    const [event] = await events.read([position.seq]);
    const { seq, lane, attempts } = position;
    const isRefused = position.refusals >= policy.maxRefusals;
    const bindings = { subscription, seq, attempts, cause: isRefused ? 'refused' : 'connection lost' };
    if (event === undefined) {
      log.warn(bindings, 'an undeliverable event had already been removed by retention');
      return;
    }
    const reason = isRefused
      ? `refused ${position.refusals} times${refusal ? `, the last time: ${refusal}` : ''}`
      : `the connection was lost ${position.losses} times while this event was being processed`;
    await database.write(
      addDeadLetter({
        deadLetter: {
          id: newDeadLetterId(),
          subscription,
          seq,
          lane,
          previous: position.previous ?? null,
          eventId: event.id,
          eventType: event.type,
          session: event.session,
          reason,
          attempts,
          createdAt: clock.now(),
        },
      }),
    );
    log.warn({ ...bindings, event: event.id }, 'an event became a dead letter');
  }

  /** A delivery may be acknowledged after it was given up: then it is none that failed. */
  async settle(subscription: SubscriptionName, acks: ReadonlyMap<Seq, number>, holder: KeyHolder): Promise<void> {
    const sessions = holder.sessions === null ? null : [...holder.sessions];
    await this.#deps.database.write(
      [...acks].map(([seq, attempt]) => settleLate({ subscription, seq, attempt, sessions })),
    );
  }

  /** Those that the key may see, newest first. */
  async list(holder: KeyHolder, page: DeadLetterPage): Promise<readonly DeadLetterView[]> {
    const sessions = holder.sessions === null ? null : [...holder.sessions];
    const deadLetters = await listDeadLetters(this.#deps.database.reader, sessions, page);
    return deadLetters.map(({ id, subscription, eventId, eventType, session, reason, attempts, createdAt }) => ({
      id,
      subscription,
      eventId,
      eventType,
      session,
      reason,
      attempts,
      createdAt: new Date(createdAt).toISOString(),
    }));
  }

  /** @throws WabError WAB_DEAD_LETTER_NOT_FOUND, also if the key may not see the dead letter's session */
  async get(id: DeadLetterId, holder: KeyHolder): Promise<StoredDeadLetter> {
    const deadLetter = await findDeadLetter(this.#deps.database.reader, id);
    if (deadLetter === null || !maySeeSession(holder, deadLetter.session as SessionName | null))
      throw new WabError('WAB_DEAD_LETTER_NOT_FOUND', { id });
    return deadLetter;
  }

  /**
   * Gives a dead letter back to its subscription, whose progress must be on disk.
   *
   * @returns the position that has to be delivered again
   * @throws WabError WAB_DEAD_LETTER_NOT_FOUND, WAB_SUBSCRIPTION_NOT_FOUND, WAB_SUBSCRIPTION_PAUSED, WAB_EVENT_GONE
   */
  async redrive(id: DeadLetterId): Promise<PositionRecord> {
    const { database, events } = this.#deps;
    const deadLetter = await findDeadLetter(database.reader, id);
    if (deadLetter === null) throw new WabError('WAB_DEAD_LETTER_NOT_FOUND', { id });
    const stored = await subscriptionNamed(database.reader, deadLetter.subscription);
    if (stored === null) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: deadLetter.subscription });
    // Its reader goes on at the newest event, and whatever is in the subscription before that is forgotten.
    if (stored.pausedAt !== null)
      throw new WabError('WAB_SUBSCRIPTION_PAUSED', { subscription: deadLetter.subscription });
    const [event] = await events.read([deadLetter.seq]);
    const isGone = event === undefined || event.withheld === 'expired' || event.withheld === 'erased';
    if (isGone) throw new WabError('WAB_EVENT_GONE', { eventId: deadLetter.eventId });
    const position = await database.write(redriveDeadLetter({ id, subscriptionId: stored.id }));
    if (position === null) throw new WabError('WAB_DEAD_LETTER_NOT_FOUND', { id });
    return position;
  }

  /** @throws WabError WAB_DEAD_LETTER_NOT_FOUND */
  async discard(id: DeadLetterId): Promise<void> {
    const { removed } = await this.#deps.database.write(discardDeadLetter({ id }));
    if (!removed) throw new WabError('WAB_DEAD_LETTER_NOT_FOUND', { id });
  }
}

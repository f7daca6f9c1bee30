/**
 * What facts from WhatsApp mean for outbox messages. The recorder carries these writes out in the transaction of the
 * fact's event, so that event and row never disagree.
 */
import { definitionOf } from '../contract/events.ts';
import type { OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import type { EngineFact } from '../engine/engine.ts';
import { messageIdsOfReport } from '../events/event-constructors.ts';
import type { OutboxReference } from '../events/recorder.ts';
import type { Clock } from '../ops/clock.ts';
import type { Call } from '../store/operation.ts';
import type { OutboxReads } from '../store/outbox-reads.repository.ts';
import { moveMessage } from '../store/outbox.repository.ts';
import type { OutboxChanges } from './outbox-changes.ts';
import { TRANSITIONS, TRANSITION_OF_MOVE, type Transition } from './outbox-state.ts';
import { untoldEventOf } from './sent-message.ts';

export class OutboxEffects {
  readonly #reads: Pick<OutboxReads, 'byMessageIds'>;
  readonly #changes: OutboxChanges;
  readonly #clock: Clock;

  constructor(reads: Pick<OutboxReads, 'byMessageIds'>, changes: OutboxChanges, clock: Clock) {
    this.#reads = reads;
    this.#changes = changes;
    this.#clock = clock;
  }

  /** The writes that belong to a fact. A message of another origin matches no row, and then they change nothing. */
  effectsOf(session: SessionName, fact: EngineFact): readonly Call<unknown>[] {
    const { movesOutbox } = definitionOf(fact.type);
    const messageIds = messageIdsOfReport(fact);
    if (movesOutbox === null || messageIds === null) return [];
    const move = movesOutbox(fact.data);
    const error = move.to === 'failed' ? { code: 'WAB_SEND_REFUSED', message: move.reason } : null;
    return [this.#move(session, messageIds, TRANSITION_OF_MOVE[move.to], error)];
  }

  /** To be called once the fact is durable: wakes who waits for the message. */
  async recorded(session: SessionName, fact: EngineFact): Promise<void> {
    const messageIds = messageIdsOfReport(fact);
    if (definitionOf(fact.type).movesOutbox === null || messageIds === null) return;
    const row = await this.#reads.byMessageIds(session, messageIds);
    if (!row) return;
    this.#changes.changed(row.id as OutboxId);
    this.#changes.freed(session);
  }

  /**
   * Our message that WhatsApp names, or null if it is not one of ours. An acknowledgement can be the first that shows that it
   * was sent: the bridge was killed before the answer, or the answer is still on its way.
   */
  async outboxMessageOf(
    session: SessionName,
    fact: EngineFact,
    messageIds: readonly MessageId[],
  ): Promise<OutboxReference | null> {
    const row = await this.#reads.byMessageIds(session, messageIds);
    if (!row) return null;
    const { about, movesOutbox } = definitionOf(fact.type);
    const shows =
      about.kind === 'message' && !about.isNew && movesOutbox !== null && movesOutbox(fact.data).to !== 'failed';
    return { id: row.id as OutboxId, untold: shows ? untoldEventOf(session, row) : null };
  }

  #move(
    session: SessionName,
    messageIds: readonly MessageId[],
    transition: Transition,
    error: { code: string; message: string } | null,
  ): Call<unknown> {
    const { from, to } = TRANSITIONS[transition];
    return moveMessage({ of: { session, messageIds }, from, to, error, now: this.#clock.now() });
  }
}

/**
 * What facts from WhatsApp mean for outbox messages. The recorder carries these writes out in the transaction of the
 * fact's event, so that event and row never disagree.
 */
import type { OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import type { EngineFact } from '../engine/engine.ts';
import { messageIdsOfFact } from '../engine/fact-ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { Call } from '../store/operation.ts';
import { moveMessage, type OutboxReads } from '../store/outbox.repository.ts';
import type { OutboxChanges } from './outbox-changes.ts';
import { TRANSITIONS, transitionOfAck, type Transition } from './outbox-state.ts';

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
    const messageIds = messageIdsOfFact(fact);
    if (fact.kind === 'message') return fact.message.fromMe ? [this.#move(session, messageIds, 'accepted')] : [];
    if (fact.kind === 'ack') return [this.#move(session, messageIds, transitionOfAck(fact.level))];
    return [this.#move(session, messageIds, 'rejected_late', { code: 'WAB_SEND_REFUSED', message: fact.reason })];
  }

  /** To be called once the fact is durable: wakes who waits for the message. */
  async recorded(session: SessionName, fact: EngineFact): Promise<void> {
    if (fact.kind === 'message' && !fact.message.fromMe) return;
    const id = await this.outboxIdOf(session, messageIdsOfFact(fact));
    if (id === null) return;
    this.#changes.changed(id);
    this.#changes.freed(session);
  }

  /** Our id of a message that WhatsApp names, or null if it is not one of ours. */
  async outboxIdOf(session: SessionName, messageIds: readonly MessageId[]): Promise<OutboxId | null> {
    const row = await this.#reads.byMessageIds(session, messageIds);
    return (row?.id as OutboxId | undefined) ?? null;
  }

  #move(
    session: SessionName,
    messageIds: readonly MessageId[],
    transition: Transition,
    error: { code: string; message: string } | null = null,
  ): Call<unknown> {
    const { from, to } = TRANSITIONS[transition];
    return moveMessage({ of: { session, messageIds }, from, to, error, now: this.#clock.now() });
  }
}

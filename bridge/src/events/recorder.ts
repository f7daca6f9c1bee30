/** The recorder: the only writer of events. It turns what an engine reports into an event with everything it causes. */
import type { MessageMedia, NewEvent } from '../contract/events.ts';
import type { OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import type { EngineFact } from '../engine/engine.ts';
import { messageIdsOfFact } from '../engine/fact-ids.ts';
import type { Call } from '../store/operation.ts';
import { messageAcknowledged, messageFailed, messageReported } from './event-constructors.ts';
import type { Appended, EventLog } from './event-log.ts';

/** What another part of the bridge adds to the recording of a fact. */
export interface EffectSource {
  /** Writes that belong into the transaction of the fact's event. They are left out where the fact is a duplicate. */
  effectsOf(
    session: SessionName,
    fact: EngineFact,
    event: NewEvent,
  ): Promise<readonly Call<unknown>[]> | readonly Call<unknown>[];
  /** The outbox message that has one of these ids, or null. */
  outboxIdOf?(session: SessionName, messageIds: readonly MessageId[]): Promise<OutboxId | null>;
  /** Called once the fact is durable, even if it was a duplicate. Must not throw. */
  recorded?(session: SessionName, fact: EngineFact, appended: Appended): void | Promise<void>;
}

export interface RecorderOptions {
  readonly log: Pick<EventLog, 'append'>;
  readonly sources: readonly EffectSource[];
  /** Notes, together with its event, that a file is to be fetched. */
  readonly media: { expect(media: MessageMedia, session: SessionName, messageId: MessageId): Call<unknown> };
  /** Called after the commit of an event with a medium: the fetch can start. */
  readonly onMediaExpected: (media: MessageMedia, session: SessionName, messageId: MessageId) => void;
}

export class Recorder {
  readonly #options: RecorderOptions;
  /** Per session the end of what is being prepared, so that facts enter the log in the order of their report. */
  readonly #queues = new Map<SessionName, Promise<unknown>>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /**
   * Records what an engine reported, with all its effects, once. Facts of a session are recorded in the order of the
   * calls; a call need not wait for the one before.
   *
   * @returns once the event is on disk
   */
  async record(session: SessionName, fact: EngineFact): Promise<Appended> {
    const before = this.#queues.get(session) ?? Promise.resolve();
    // Wrapped, since a promise cannot resolve to a promise: the next fact waits for the submission, not for the commit.
    const submission = before.then(() => this.#submit(session, fact));
    const settled = submission.catch(() => undefined);
    this.#queues.set(session, settled);
    try {
      const { appended, event } = await submission;
      const result = await appended;
      await this.#announce(session, fact, event, result);
      return result;
    } finally {
      if (this.#queues.get(session) === settled) this.#queues.delete(session);
    }
  }

  /** Records an event that no engine reported: a session's state, the outcome of an outbox message. */
  recordEvent(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<Appended> {
    return this.#options.log.append(event, effects);
  }

  async #submit(session: SessionName, fact: EngineFact): Promise<{ appended: Promise<Appended>; event: NewEvent }> {
    const event = await this.#eventOf(session, fact);
    const effects: Call<unknown>[] = [];
    for (const source of this.#options.sources) effects.push(...(await source.effectsOf(session, fact, event)));
    const media = mediaOf(event);
    if (media) effects.push(this.#options.media.expect(media, session, messageIdOf(fact)));
    return { appended: this.#options.log.append(event, effects), event };
  }

  async #eventOf(session: SessionName, fact: EngineFact): Promise<NewEvent> {
    const ours =
      fact.kind !== 'message' || fact.message.fromMe ? await this.#outboxIdOf(session, messageIdsOfFact(fact)) : null;
    switch (fact.kind) {
      case 'message':
        return messageReported(session, fact.message, ours);
      case 'ack':
        return messageAcknowledged(session, fact, ours);
      case 'send_failed':
        return messageFailed(session, fact, ours);
    }
  }

  async #outboxIdOf(session: SessionName, messageIds: readonly MessageId[]): Promise<OutboxId | null> {
    for (const source of this.#options.sources) {
      const id = await source.outboxIdOf?.(session, messageIds);
      if (id) return id;
    }
    return null;
  }

  async #announce(session: SessionName, fact: EngineFact, event: NewEvent, appended: Appended): Promise<void> {
    const media = mediaOf(event);
    if (media && !appended.duplicate) this.#options.onMediaExpected(media, session, messageIdOf(fact));
    for (const source of this.#options.sources) await source.recorded?.(session, fact, appended);
  }
}

const messageIdOf = (fact: EngineFact): MessageId =>
  fact.kind === 'message' ? fact.message.messageId : fact.messageId;

const mediaOf = (event: NewEvent): MessageMedia | null => ('media' in event.data ? event.data.media : null);

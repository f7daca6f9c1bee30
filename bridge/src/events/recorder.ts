/** The recorder: the only writer of events. It turns what an engine reports into an event with everything it causes. */
import { definitionOf, type NewEvent } from '../contract/events.ts';
import type { OutboxId, SessionName, MessageId } from '../contract/ids.ts';
import { fileOf, type MessageData, type MessageFile } from '../contract/message-data.ts';
import type { EngineFact } from '../engine/engine.ts';
import { KeyedQueue } from '../ops/keyed-queue.ts';
import type { Call } from '../store/operation.ts';
import { eventOf, messageIdsOfReport } from './event-constructors.ts';
import type { Appended, EventLog } from './event-log.ts';

/** The outbox message that a fact is about. */
export interface OutboxReference {
  readonly id: OutboxId;
  /** The event that it was sent, if the fact is the first that shows it. */
  readonly untold: NewEvent | null;
}

/** What another part of the bridge adds to the recording of a fact. */
export interface EffectSource {
  /** Writes that belong into the transaction of the fact's event. They are left out where the fact is a duplicate. */
  effectsOf(
    session: SessionName,
    fact: EngineFact,
    event: NewEvent,
  ): Promise<readonly Call<unknown>[]> | readonly Call<unknown>[];
  /** The outbox message that has one of these ids, which are those of the fact, or null. */
  outboxMessageOf?(
    session: SessionName,
    fact: EngineFact,
    messageIds: readonly MessageId[],
  ): Promise<OutboxReference | null>;
  /** Called once the fact is durable, even if it was a duplicate. Must not throw. */
  recorded?(session: SessionName, fact: EngineFact, appended: Appended): void | Promise<void>;
}

export interface RecorderOptions {
  readonly log: Pick<EventLog, 'append'>;
  readonly sources: readonly EffectSource[];
  /** Notes, together with its event, that a file is to be fetched. */
  readonly media: { expect(file: MessageFile, session: SessionName, messageId: MessageId): Call<unknown> };
  /** Called after the commit of an event with a medium: the fetch can start. */
  readonly onMediaExpected: (file: MessageFile, session: SessionName, messageId: MessageId) => void;
}

export class Recorder {
  readonly #options: RecorderOptions;
  /** What is being prepared, by session, so that facts enter the log in the order of their report. */
  readonly #queue = new KeyedQueue<SessionName>();

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
    // Wrapped, since a promise cannot resolve to a promise: the next fact waits for the submission, not for the commit.
    const { appended, event } = await this.#queue.run(session, () => this.#submit(session, fact));
    const result = await appended;
    await this.#announce(session, fact, event, result);
    return result;
  }

  /** Records an event that no engine reported: a session's state, the outcome of an outbox message. */
  recordEvent(event: NewEvent, effects: readonly Call<unknown>[] = []): Promise<Appended> {
    return this.#options.log.append(event, effects);
  }

  async #submit(session: SessionName, fact: EngineFact): Promise<{ appended: Promise<Appended>; event: NewEvent }> {
    const message = await this.#outboxMessageOf(session, fact);
    const event = eventOf(session, withOutboxId(fact, message));
    const effects: Call<unknown>[] = [];
    for (const source of this.#options.sources) effects.push(...(await source.effectsOf(session, fact, event)));
    const file = newFileOf(event);
    if (file) effects.push(this.#options.media.expect(file, session, file.messageId));
    const { log } = this.#options;
    const told = message?.untold ? [log.append(message.untold, [])] : [];
    // Both are recorded before the engine is told so: it reports the fact again otherwise.
    const appended = log.append(event, effects);
    return { appended: Promise.all([appended, ...told]).then(([result]) => result), event };
  }

  /** The message of the outbox that a fact is about, or null. */
  async #outboxMessageOf(session: SessionName, fact: EngineFact): Promise<OutboxReference | null> {
    const { about } = definitionOf(fact.type);
    const messageIds = about.kind === 'message' && about.isFromOutbox ? messageIdsOfReport(fact) : null;
    if (messageIds === null) return null;
    for (const source of this.#options.sources) {
      const message = await source.outboxMessageOf?.(session, fact, messageIds);
      if (message) return message;
    }
    return null;
  }

  async #announce(session: SessionName, fact: EngineFact, event: NewEvent, appended: Appended): Promise<void> {
    const file = newFileOf(event);
    if (file && !appended.duplicate) this.#options.onMediaExpected(file, session, file.messageId);
    for (const source of this.#options.sources) await source.recorded?.(session, fact, appended);
  }
}

/** Facts about a message that the outbox sent name it. */
const withOutboxId = (fact: EngineFact, message: OutboxReference | null): EngineFact =>
  message === null ? fact : ({ ...fact, data: { ...fact.data, outboxId: message.id } } as EngineFact);

/** The file of the message that an event brings, or null. */
function newFileOf(event: NewEvent): (MessageFile & { readonly messageId: MessageId }) | null {
  const { about } = definitionOf(event.type);
  if (about.kind !== 'message' || !about.isNew) return null;
  const message = event.data as MessageData;
  const file = fileOf(message);
  return file && { ...file, messageId: message.messageId as MessageId };
}

/** A listener that keeps what an engine reports and lets a test wait for it (by event, never by polling). */
import type { Address } from '../../bridge/src/contract/address.ts';
import type { EngineEventType } from '../../bridge/src/contract/events.ts';
import type { MessageId } from '../../bridge/src/contract/ids.ts';
import type { AckLevel } from '../../bridge/src/contract/message-data.ts';
import type { ReportedMedia } from '../../bridge/src/contract/message-media.ts';
import type { EngineFact, EngineListener, EngineMessage, EngineSignal } from '../../bridge/src/engine/engine.ts';

type Entry =
  { readonly on: 'signal'; readonly signal: EngineSignal } | { readonly on: 'fact'; readonly fact: EngineFact };

/** A message of any kind: what its kind does not have is undefined. */
export type RecordedMessage = EngineMessage & { readonly text?: string | null; readonly media?: ReportedMedia };

/** The message that a fact brings, or null. */
export function messageOf(fact: EngineFact): RecordedMessage | null {
  if (fact.type !== 'message.received' && fact.type !== 'message.sent') return null;
  const { messageId, quotedMessageId, ...data } = fact.data;
  return {
    ...data,
    messageId: messageId as MessageId,
    quotedMessageId: quotedMessageId as MessageId | null,
    chat: fact.chat,
    sender: fact.sender as Address,
    sentAt: fact.at,
  };
}

export class EngineRecording implements EngineListener {
  readonly entries: Entry[] = [];
  readonly #waiting = new Set<() => void>();
  /** Set to make `fact` reject, as a full disk would. */
  refuseFacts = false;
  readonly refused: EngineFact[] = [];
  /** Types of facts that were asked for here, and came. */
  readonly found = new Set<EngineEventType>();

  signal(signal: EngineSignal): void {
    this.#add({ on: 'signal', signal });
  }

  async fact(fact: EngineFact): Promise<void> {
    await Promise.resolve();
    if (this.refuseFacts) {
      this.refused.push(fact);
      this.#look();
      throw new Error('the log takes nothing now');
    }
    this.#add({ on: 'fact', fact });
  }

  get signals(): readonly EngineSignal[] {
    return this.entries.flatMap((entry) => (entry.on === 'signal' ? [entry.signal] : []));
  }

  get facts(): readonly EngineFact[] {
    return this.entries.flatMap((entry) => (entry.on === 'fact' ? [entry.fact] : []));
  }

  get messages(): readonly RecordedMessage[] {
    return this.facts.flatMap((fact) => {
      const message = messageOf(fact);
      return message === null ? [] : [message];
    });
  }

  /** Levels reported for a message, in the order of their first report. */
  acksOf(messageId: string): readonly AckLevel[] {
    const levels = this.facts.flatMap((fact) =>
      fact.type === 'message.acknowledged' && fact.data.messageId === messageId ? [fact.data.ack] : [],
    );
    if (levels.length > 0) this.found.add('message.acknowledged');
    return [...new Set(levels)];
  }

  async untilSignal<K extends EngineSignal['kind']>(kind: K, nth = 1): Promise<Extract<EngineSignal, { kind: K }>> {
    const found = await this.until(
      `signal ${kind}`,
      () => this.signals.filter((signal) => signal.kind === kind)[nth - 1],
    );
    return found as Extract<EngineSignal, { kind: K }>;
  }

  untilMessage(matches: (message: RecordedMessage) => boolean, what = 'a message'): Promise<RecordedMessage> {
    return this.until(what, () => {
      for (const fact of this.facts) {
        const message = messageOf(fact);
        if (message === null || !matches(message)) continue;
        this.found.add(fact.type);
        return message;
      }
      return undefined;
    });
  }

  untilFact<T extends EngineEventType>(
    type: T,
    matches: (fact: EngineFact<T>) => boolean = () => true,
  ): Promise<EngineFact<T>> {
    const isOne = (fact: EngineFact): fact is EngineFact<T> => fact.type === type && matches(fact as EngineFact<T>);
    return this.until(type, () => {
      const fact = this.facts.find(isOne);
      if (fact) this.found.add(type);
      return fact;
    });
  }

  /** Waits until `find` returns something; looks again after each report. */
  until<T>(what: string, find: () => T | undefined, timeoutMs = 60_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const found = find();
        if (found === undefined) return;
        done();
        resolve(found);
      };
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
      };
      const timer = setTimeout(() => {
        done();
        const seen = this.entries
          .map((entry) => (entry.on === 'signal' ? entry.signal.kind : entry.fact.type))
          .join(', ');
        reject(new Error(`waited ${timeoutMs} ms for ${what}; seen: ${seen || 'nothing'}`));
      }, timeoutMs);
      this.#waiting.add(look);
      look();
    });
  }

  #add(entry: Entry): void {
    this.entries.push(entry);
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#waiting]) look();
  }
}

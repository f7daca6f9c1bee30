/**
 * Hands facts to the listener: in order per chat, each until it is durable, and keeps account of how far the session
 * has reported, so that the next start can ask WhatsApp for the rest.
 */
import type { ChatId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import type { EngineFact, EngineListener } from '../../engine.ts';
import { describe } from '../page/page-reason.ts';

/** Looks up what a fact needs; null where there is nothing to report after all. */
export type MakeFact = () => Promise<EngineFact | null>;

const RETRY_MS = [250, 1_000, 5_000, 15_000];

interface Entry {
  readonly chat: ChatId;
  readonly seconds: number;
  readonly make: MakeFact;
}

export class FactReporter {
  readonly #listener: EngineListener;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  readonly #chats = new Map<ChatId, Promise<void>>();
  readonly #unsettled = new Set<Entry>();
  #held: Entry[] | null = [];
  #latest: number;
  /** The mark stays here while facts are held: chats are caught up one by one, and the next may have older ones. */
  #heldAt: number;

  /** @param reportedUntil seconds up to which earlier runs have reported */
  constructor(listener: EngineListener, reportedUntil: number, clock: Clock, log: Log) {
    this.#listener = listener;
    this.#latest = this.#heldAt = reportedUntil;
    this.#clock = clock;
    this.#log = log;
  }

  /**
   * Reports a fact that just happened; held back while the session still catches up on what came before it.
   *
   * @param seconds when it happened, in WhatsApp's time; null where only this machine's clock knows
   */
  report(chat: ChatId, seconds: number | null, make: MakeFact): void {
    const entry = { chat, seconds: seconds ?? this.#latest, make };
    this.#unsettled.add(entry);
    if (this.#held) this.#held.push(entry);
    else this.#enqueue(entry);
  }

  /** Reports a fact found while catching up: before everything that is held back. */
  reportMissed(chat: ChatId, seconds: number | null, make: MakeFact): void {
    const entry = { chat, seconds: seconds ?? this.#latest, make };
    this.#unsettled.add(entry);
    this.#enqueue(entry);
  }

  /**
   * From now on new facts wait for `release`.
   *
   * @param from seconds: where something was missed that may be older than the mark, which then steps back before it
   */
  hold(from = Infinity): void {
    if (!this.#held) {
      this.#heldAt = this.reportedUntil;
      this.#held = [];
    }
    this.#heldAt = Math.min(this.#heldAt, from - 1);
  }

  release(): void {
    const held = this.#held ?? [];
    this.#held = null;
    for (const entry of held) this.#enqueue(entry);
  }

  get holding(): boolean {
    return this.#held !== null;
  }

  /** Seconds up to which everything that was heard is durable. */
  get reportedUntil(): number {
    let until = this.#held ? this.#heldAt : this.#latest;
    for (const { seconds } of this.#unsettled) until = Math.min(until, seconds - 1);
    return until;
  }

  /** Resolves once everything that was heard so far, and is not held back, is durable. */
  async drained(): Promise<void> {
    await Promise.all(this.#chats.values());
  }

  /** Nothing is reported any more; resolves once the report that is under way has come back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await Promise.all(this.#chats.values());
  }

  #enqueue(entry: Entry): void {
    const before = this.#chats.get(entry.chat) ?? Promise.resolve();
    const after = before.then(() => this.#deliver(entry));
    this.#chats.set(entry.chat, after);
    void after.then(() => {
      if (this.#chats.get(entry.chat) === after) this.#chats.delete(entry.chat);
    });
  }

  async #deliver(entry: Entry): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const fact = await entry.make();
        if (signal.aborted) return;
        if (fact) await this.#listener.fact(fact);
        this.#unsettled.delete(entry);
        this.#latest = Math.max(this.#latest, entry.seconds);
        return;
      } catch (error) {
        this.#log.warn({ reason: describe(error), attempt }, 'an event could not be recorded and is tried again');
        await this.#clock
          .sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] as number, signal)
          .catch(() => undefined);
      }
    }
  }
}

/**
 * Hands facts to the listener: in order per chat, each until it is durable, and keeps account of how far the session
 * has reported, so that the next start can ask WhatsApp for the rest. While something may have been missed, the new facts
 * of a chat wait until that chat has been read; those of other chats do not (ADR 16).
 */
import type { ChatId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import { KeyedQueue } from '../../../ops/keyed-queue.ts';
import type { Log } from '../../../ops/logger.ts';
import type { EngineFact, EngineListener } from '../../engine.ts';
import type { ChatBehind, Progress } from '../login/profile.ts';
import type { ServerClock } from '../login/server-clock.ts';
import { describe } from '../page/page-reason.ts';
import type { WebjsEventType } from './reported-events.ts';

/** Looks up what a fact needs; null if there is nothing to report after all. */
export type MakeFact = () => Promise<EngineFact<WebjsEventType> | null>;

/** A chat that may have messages that were missed, and its other id where it has two. */
export interface ListedChat {
  readonly id: ChatId;
  readonly otherId: ChatId | null;
}

const RETRY_MS = [250, 1_000, 5_000, 15_000];
/** So many chats have a mark of their own; the mark of all waits for those beyond. */
const MOST_BEHIND = 100;

interface Entry {
  readonly seconds: number;
  readonly make: MakeFact;
  /** Called once the fact is durable. */
  readonly recorded: (() => void) | undefined;
}

/** A chat in which something since a time (seconds) may not have been reported. */
interface Debt {
  readonly since: number;
  /** New facts of the chat do not wait. */
  readonly flows: boolean;
  /** The chat has a mark of its own, so that the mark of all does not wait for it. */
  readonly behind: boolean;
}

export class FactReporter {
  readonly #listener: EngineListener;
  readonly #clock: Clock;
  readonly #serverClock: Pick<ServerClock, 'seconds'>;
  readonly #log: Log;
  readonly #stopped = new AbortController();
  /** What is being reported, by chat. */
  readonly #lanes = new KeyedQueue<ChatId>();
  readonly #unsettled = new Set<Entry>();
  readonly #held = new Map<ChatId, Entry[]>();
  readonly #debts = new Map<ChatId, Debt>();
  /** The id by which a chat is listed, by its other one: a chat is one lane. */
  readonly #listed = new Map<ChatId, ChatId>();
  /** Since when (seconds) every chat may owe something; null once it is known which ones do. */
  #debtOfAny: number | null;
  /** New facts do not wait until it is known which chats owe something. */
  #flows = false;
  #holds = 0;
  #latest: number;

  /** @param progress how far earlier runs have reported */
  constructor(
    listener: EngineListener,
    { reportedUntil, behind }: Pick<Progress, 'reportedUntil' | 'behind'>,
    { clock, serverClock }: { readonly clock: Clock; readonly serverClock: Pick<ServerClock, 'seconds'> },
    log: Log,
  ) {
    this.#listener = listener;
    this.#latest = this.#debtOfAny = reportedUntil;
    for (const { chat, since } of behind) this.#debts.set(chat, { since, flows: false, behind: true });
    this.#clock = clock;
    this.#serverClock = serverClock;
    this.#log = log;
  }

  /**
   * Reports a fact that just happened; it waits while its chat may owe something older.
   *
   * @param seconds when it happened, in WhatsApp's time; null if only this machine's clock knows
   * @param recorded called once the fact is durable
   */
  report(chat: ChatId, seconds: number | null, make: MakeFact, recorded?: () => void): void {
    const lane = this.#laneOf(chat);
    const entry = this.#entry(seconds ?? this.#latest, make, recorded);
    if (!this.#waits(lane)) return this.#enqueue(lane, entry);
    const waiting = this.#held.get(lane);
    if (waiting) waiting.push(entry);
    else this.#held.set(lane, [entry]);
  }

  /** Reports a fact found while catching up: before everything that waits in its chat. */
  reportMissed(chat: ChatId, seconds: number | null, make: MakeFact, recorded?: () => void): void {
    // Without a time of its own it is as old as what its chat owes, until it is durable.
    const entry = this.#entry(seconds ?? Math.min(this.owedSince(chat), this.#latest), make, recorded);
    this.#enqueue(this.#laneOf(chat), entry);
  }

  /**
   * Every chat may owe something from now on: new facts wait.
   *
   * @param from seconds: where something was missed that may be older than the mark, which then steps back before it
   */
  hold(from = Infinity): void {
    this.#debtOfAny = Math.min(this.reportedUntil, from - 1);
    this.#flows = false;
    this.#holds += 1;
    for (const [chat, debt] of this.#debts) this.#debts.set(chat, { ...debt, flows: false });
  }

  /** Grows with each `hold`: what was read before the last one may lack something. */
  get holds(): number {
    return this.#holds;
  }

  /** It is known which chats may owe something: the facts of all others no longer wait. */
  expect(chats: readonly ListedChat[]): void {
    const since = this.#debtOfAny;
    if (since === null) return;
    for (const { id, otherId } of chats) {
      // It may be behind under both of its ids.
      const known = [id, otherId].flatMap((each) => (each === null ? [] : (this.#debts.get(each) ?? [])));
      if (otherId !== null) this.#join(otherId, id);
      this.#debts.set(id, {
        since: Math.min(since, ...known.map((debt) => debt.since)),
        flows: false,
        behind: known.some((debt) => debt.behind),
      });
    }
    this.#debtOfAny = null;
    this.#flows = false;
    this.#releaseWhatMay();
  }

  /** A chat was read: it owes nothing, and its facts no longer wait. */
  settle(chat: ChatId): void {
    this.#debts.delete(chat);
    this.#releaseWhatMay();
  }

  /** The facts of these chats no longer wait, though they still owe something. */
  letGo(chats: Iterable<ChatId>): void {
    for (const chat of chats) {
      const debt = this.#debts.get(chat);
      if (debt) this.#debts.set(chat, { ...debt, flows: true, behind: true });
    }
    this.#releaseWhatMay();
  }

  /** No facts wait any longer, though it is not known which chats owe something. */
  letAllGo(): void {
    this.#flows = true;
    this.letGo(this.#debts.keys());
  }

  /** Facts wait. */
  get holding(): boolean {
    return (this.#debtOfAny !== null && !this.#flows) || this.owing(false).length > 0;
  }

  /** It is known which chats may owe something. */
  get isListed(): boolean {
    return this.#debtOfAny === null;
  }

  /** The chats that owe something, the longest first. @param flows whether their new facts no longer wait */
  owing(flows: boolean): readonly ChatId[] {
    return [...this.#debts]
      .filter(([, debt]) => debt.flows === flows)
      .sort(([, one], [, other]) => one.since - other.since)
      .map(([chat]) => chat);
  }

  /** Whether something of a chat may still be missing. */
  owes(chat: ChatId): boolean {
    return this.#debtOfAny !== null || this.#debts.has(this.#laneOf(chat));
  }

  /** Seconds since when a chat may owe something; infinite if it owes nothing. */
  owedSince(chat: ChatId): number {
    return Math.min(this.#debts.get(this.#laneOf(chat))?.since ?? Infinity, this.#debtOfAny ?? Infinity);
  }

  /** Chats of which facts wait. */
  get waiting(): readonly ChatId[] {
    return [...this.#held.keys()];
  }

  /**
   * Chats that could not be read: new facts flow, and something is owed. Infinite if not even the list could be read.
   */
  get unread(): number {
    return this.#debtOfAny !== null && this.#flows ? Infinity : this.owing(true).length;
  }

  /** The marks of chats that are behind the mark of all, of those that are the farthest behind. */
  get behind(): readonly ChatBehind[] {
    const behind = [...this.#debts].flatMap(([chat, debt]) => (debt.behind ? [{ chat, since: debt.since }] : []));
    return behind.sort((one, other) => one.since - other.since).slice(0, MOST_BEHIND);
  }

  /** Seconds up to which everything received is durable, but for what the chats `behind` owe. */
  get reportedUntil(): number {
    const apart = new Set(this.behind.map(({ chat }) => chat));
    let until = Math.min(this.#latest, this.#debtOfAny ?? Infinity);
    for (const [chat, { since }] of this.#debts) if (!apart.has(chat)) until = Math.min(until, since);
    for (const { seconds } of this.#unsettled) until = Math.min(until, seconds - 1);
    return until;
  }

  /** Resolves once everything received so far, and not held back, is durable. */
  async drained(): Promise<void> {
    await this.#lanes.allEnded();
  }

  /** Nothing is reported any more; resolves once the report that is under way has come back. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#lanes.allEnded();
  }

  #entry(seconds: number, make: MakeFact, recorded?: () => void): Entry {
    const entry = { seconds, make, recorded };
    this.#unsettled.add(entry);
    return entry;
  }

  #laneOf(chat: ChatId): ChatId {
    return this.#listed.get(chat) ?? chat;
  }

  #waits(chat: ChatId): boolean {
    const debt = this.#debts.get(chat);
    return debt ? !debt.flows : this.#debtOfAny !== null && !this.#flows;
  }

  /** A chat was known by another id: what was begun under that is its own. */
  #join(otherId: ChatId, id: ChatId): void {
    this.#listed.set(otherId, id);
    this.#listed.delete(id);
    this.#debts.delete(otherId);
    const held = this.#held.get(otherId);
    if (held) this.#held.set(id, [...(this.#held.get(id) ?? []), ...held]);
    this.#held.delete(otherId);
    const end = this.#lanes.ended(otherId);
    void this.#lanes.run(id, () => end);
  }

  #releaseWhatMay(): void {
    for (const [chat, entries] of this.#held) {
      if (this.#waits(chat)) continue;
      this.#held.delete(chat);
      for (const entry of entries) this.#enqueue(chat, entry);
    }
  }

  #enqueue(lane: ChatId, entry: Entry): void {
    void this.#lanes.run(lane, () => this.#deliver(entry));
  }

  async #deliver(entry: Entry): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const fact = await entry.make();
        if (signal.aborted) return;
        if (fact) await this.#listener.fact(fact);
        if (fact) entry.recorded?.();
        this.#unsettled.delete(entry);
        // A message dated in the future says nothing about what is said until then.
        this.#latest = Math.max(this.#latest, Math.min(entry.seconds, this.#serverClock.seconds));
        return;
      } catch (error) {
        this.#log.warn({ reason: describe(error), attempt }, 'an event could not be recorded; retrying');
        await this.#clock
          .sleep(RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)] as number, signal)
          .catch(() => undefined);
      }
    }
  }
}

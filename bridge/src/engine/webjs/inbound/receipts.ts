/**
 * Receipts that nobody tells of: those that came while the session did not run, and those for messages that the page has
 * in its store but did not load, for which the library emits no event. Messages of this account that are not yet read
 * are part of the progress record, and the page is asked how far they have come (ADR 22).
 */
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { Deadlines } from '../deadlines.ts';
import { PendingMessages } from './pending-messages.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { type PageReceipt, readReceipts } from '../page/page-receipts.ts';
import { describe } from '../page/page-reason.ts';
import type { UnreadMessage } from '../login/profile.ts';
import type { ServerClock } from '../login/server-clock.ts';

const MOST = 1_000;
/** So many are asked for at once. */
const BATCH = 100;
/** WhatsApp's levels: a message of this account is reported once the server has it. */
const SERVER = 1;
const READ = 3;
const PLAYED = 4;

/** No further receipt follows. Voice messages are played as well. */
const isLast = (level: number, type: string): boolean => level < 0 || level >= (type === 'ptt' ? PLAYED : READ);

export interface ReceiptsDependencies {
  /** The page, while the session is ready. Throws otherwise. */
  readonly page: () => PageCalls;
  readonly deadlines: Pick<Deadlines, 'call' | 'receipts'>;
  /** A message has come further than was reported. */
  readonly found: (message: ReceiptOf, level: number) => void;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly serverClock: Pick<ServerClock, 'seconds'>;
  readonly log: Log;
}

/** The message of a receipt, by the id under which it was reported. */
export interface ReceiptOf {
  readonly messageId: MessageId;
  readonly chat: ChatId;
  readonly type: string;
}

export class Receipts {
  readonly #deps: ReceiptsDependencies;
  readonly #unread: PendingMessages<UnreadMessage>;
  readonly #job: PeriodicJob;

  /** @param remembered by earlier runs */
  constructor(deps: ReceiptsDependencies, remembered: readonly UnreadMessage[]) {
    this.#deps = deps;
    this.#unread = new PendingMessages({ ...deps, most: MOST, everyMs: deps.deadlines.receipts }, remembered);
    this.#job = new PeriodicJob({
      run: () => this.#look(),
      every: deps.deadlines.receipts,
      // A page that is away is asked in the next run.
      failed: (error) => deps.log.warn({ reason: describe(error) }, 'receipts could not be read; retrying'),
      clock: deps.clock,
    });
  }

  /** What is to be remembered. */
  get unread(): readonly UnreadMessage[] {
    return this.#unread.all;
  }

  /** A message of this account is being reported. @param t when it was sent, in seconds */
  sent(messageId: MessageId, t: number): void {
    this.#unread.add({ messageId, t, level: SERVER });
  }

  /** That a message has come so far is on record. */
  recorded(messageId: MessageId, level: number, type: string): void {
    const known = this.#unread.get(messageId);
    if (!known) return;
    if (isLast(level, type)) this.#unread.delete(messageId);
    else if (level > known.level) this.#unread.replace({ ...known, level });
  }

  /** A receipt of this level is not on record yet, as far as is remembered. */
  isNews(messageId: MessageId, level: number): boolean {
    return level > (this.#unread.get(messageId)?.level ?? Infinity);
  }

  /** The session is ready, perhaps again: receipts may have come without an event. */
  ready(): void {
    this.#unread.makeAllDue();
    this.#job.wake();
  }

  /** Asks regularly until the session ends. */
  async watch(): Promise<void> {
    await this.#job.runUntil(this.#deps.stopped);
  }

  async #look(): Promise<void> {
    const { page, deadlines } = this.#deps;
    const due = this.#unread.due;
    for (let from = 0; from < due.length; from += BATCH) {
      const batch = due.slice(from, from + BATCH);
      const answer = await page().call(readReceipts, deadlines.call, batch);
      if (answer.failed !== undefined) throw new Error(answer.failed);
      this.#unread.asked(batch);
      for (const receipt of answer.receipts) this.#compare(receipt);
    }
  }

  #compare({ messageId, chat, type, ack }: PageReceipt): void {
    const of = { messageId: messageId as MessageId, chat: chat as ChatId, type };
    if (this.isNews(of.messageId, ack)) this.#deps.found(of, ack);
  }
}

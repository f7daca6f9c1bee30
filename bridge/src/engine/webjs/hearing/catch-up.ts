/** What happened while nobody listened: messages that arrive before the library is attached cause no event. */
import type { ChatId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { type Deadlines, TransportError } from '../deadlines.ts';
import type { FactReporter } from './fact-reporter.ts';
import type { Hearing } from './hearing.ts';
import type { RawMessage } from './message-mapper.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { chatsActiveSince, messagesSince } from '../page/page-functions.ts';
import { describe } from '../page/page-reason.ts';
import type { Undecrypted } from './undecrypted.ts';

const AGAIN_MS = 5_000;

/** Clocks differ, and messages arrive out of order: this much before the mark is read again, in seconds. */
const SLACK_S = 120;
const MOST_PER_CHAT = 5_000;

/**
 * Reads everything since a mark, chat by chat, oldest first within each.
 *
 * @param since seconds up to which everything is on record
 * @param notBefore what is older never belonged to this session
 * @returns the chats of which older messages remained unread, because there were too many
 * @throws TransportError
 */
async function readMissed(
  page: PageCalls,
  deadlines: Deadlines,
  { since, notBefore }: { since: number; notBefore: number },
  found: (message: RawMessage) => void,
): Promise<readonly ChatId[]> {
  const floor = Math.max(notBefore, since - SLACK_S);
  const cut: ChatId[] = [];
  for (const chat of await page.call(chatsActiveSince, deadlines.call, floor)) {
    const { messages, complete } = await page.call(messagesSince, deadlines.call, chat, floor, MOST_PER_CHAT);
    for (const message of messages) found(message as unknown as RawMessage);
    if (!complete) cut.push(chat as ChatId);
  }
  return cut;
}

export interface CatchUpParts {
  /** The page, while the session is ready. Throws otherwise. */
  readonly page: () => PageCalls;
  readonly deadlines: Deadlines;
  readonly facts: Pick<FactReporter, 'holding' | 'release' | 'reportedUntil'>;
  readonly hearing: Pick<Hearing, 'missed'>;
  readonly undecrypted: Pick<Undecrypted, 'look'>;
  /** Seconds: what is older never belonged to this session. */
  readonly linkedAt: () => number;
  /** So many chats had more than could be read. */
  readonly cut: (chats: number) => void;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

export class CatchUp {
  readonly #parts: CatchUpParts;
  #running = false;
  /** How the run that is under way ends, or the last one ended. */
  #outcome: Promise<boolean> = Promise.resolve(false);
  /** The earliest that the run under way was asked for, in seconds. */
  #from = Infinity;
  /** How often the line was lost; what arrived meanwhile has to be asked for. */
  #interruptions = 0;
  #unanswered = 0;

  constructor(parts: CatchUpParts) {
    this.#parts = parts;
  }

  interrupted(): void {
    this.#interruptions += 1;
    this.#unanswered = 0;
  }

  /** Tries in a row to which the page gave no answer: what happens meanwhile waits behind them. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /**
   * Events are held back until everything before them is reported; a failure is tried again as long as the page lives.
   * A run that is under way is joined, and begins anew where it was to begin later.
   *
   * @param from seconds: where something older than the mark was missed
   * @returns whether everything since then was read; false where the session ended before
   */
  run(from = Infinity): Promise<boolean> {
    this.#from = Math.min(this.#from, from);
    if (!this.#running) {
      this.#running = true;
      this.#outcome = this.#untilReleased();
    }
    return this.#outcome;
  }

  async #untilReleased(): Promise<boolean> {
    this.#unanswered = 0;
    const { page, deadlines, facts, hearing, undecrypted, linkedAt, cut, stopped, clock, log } = this.#parts;
    const mark = facts.reportedUntil;
    while (!stopped.aborted && facts.holding) {
      const interruptions = this.#interruptions;
      const from = this.#from;
      const since = Math.max(Math.min(mark, from), linkedAt());
      try {
        // The oldest first: they may lie long before the mark.
        await undecrypted.look();
        const unread = await readMissed(page(), deadlines, { since, notBefore: linkedAt() }, (raw) =>
          hearing.missed(raw),
        );
        // What came during an interruption, to chats that were read already, would be missed.
        if (this.#interruptions !== interruptions || this.#from < from) continue;
        if (unread.length > 0) cut(unread.length);
        facts.release();
      } catch (error) {
        if (error instanceof TransportError && error.late) this.#unanswered += 1;
        log.warn({ reason: describe(error) }, 'missed messages could not be read and are asked for again');
        await clock.sleep(AGAIN_MS, stopped).catch(() => undefined);
      }
    }
    this.#running = false;
    this.#from = Infinity;
    return !facts.holding;
  }
}

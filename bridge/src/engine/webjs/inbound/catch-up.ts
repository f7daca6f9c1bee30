/**
 * What happened while nobody listened: messages that arrive before the library is attached cause no event. Chats are read
 * a few at a time, and each goes on as soon as it has been read. One that cannot be read holds up nobody else, and itself
 * for a limited time only (ADR 16).
 */
import type { ChatId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import { within } from '../../../ops/deadline.ts';
import type { Log } from '../../../ops/logger.ts';
import { type Deadlines, TransportError } from '../deadlines.ts';
import type { FactReporter, ListedChat } from './fact-reporter.ts';
import type { InboundMessages } from './inbound-messages.ts';
import type { RawMessage } from './raw-message.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { type ChatHistory, chatsActiveSince, messagesSince } from '../page/page-functions.ts';
import { describe } from '../page/page-reason.ts';
import { CatchUpTimeout } from './catch-up-timeout.ts';
import type { Undecrypted } from './undecrypted.ts';

/** How often it is seen that a round is over, in milliseconds. */
const LOOK_MS = 250;
/** After a page that does not answer, in milliseconds. */
const AGAIN_MS = 5_000;
/** The pauses before each try of the chats that have not been read yet, in milliseconds. */
const TRIES_MS = [0, 1_000, 5_000];
/** One that does not answer takes no more than its own place. */
const AT_ONCE = 3;
/** The pause between tries for what is owed grows no further than this many times the first. */
const LONGEST_PAUSE = 40;

/** Clocks differ, and messages arrive out of order: this much before the mark is read again, in seconds. */
const SLACK_S = 120;
const MOST_PER_CHAT = 5_000;
/** A page that has loaded something each time it was asked, and is not done after so many times, never will be. */
const MOST_QUESTIONS = 300;

export interface CatchUpDependencies {
  /** The page, while the session is ready. Throws otherwise. */
  readonly page: () => PageCalls;
  /** The session is ready, and its page answers: what fails now does not fail because the page is away or busy. */
  readonly answers: () => boolean;
  readonly deadlines: Deadlines;
  readonly facts: FactReporter;
  readonly inbound: Pick<InboundMessages, 'missed'>;
  readonly undecrypted: Pick<Undecrypted, 'look'>;
  /** Seconds: what is older never belonged to this session. */
  readonly linkedAt: () => number;
  /** So many chats had more than could be read. */
  readonly cut: (chats: number) => void;
  /** There are chats that could not be read, whose events go on all the same. */
  readonly unread: () => void;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly log: Log;
}

export class CatchUp {
  readonly #deps: CatchUpDependencies;
  #running = false;
  /** How the run that is under way ends, or the last one ended. */
  #outcome: Promise<boolean> = Promise.resolve(false);
  #unanswered = 0;
  /** Grows with everything that was read. */
  #progress = 0;
  /** What the page holds of chats whose history it does not load. */
  readonly #remains = new Map<ChatId, ChatHistory['messages']>();
  #wake: () => void = () => undefined;
  /** Chats that had more than could be read. */
  #cut = 0;
  /** The hold after which what could not be read is being tried again. */
  #makesGood: number | null = null;

  constructor(deps: CatchUpDependencies) {
    this.#deps = deps;
  }

  interrupted(): void {
    this.#unanswered = 0;
  }

  /** Tries in a row to which the page gave no answer: what happens meanwhile waits behind them. */
  get unanswered(): number {
    return this.#unanswered;
  }

  /**
   * Reads what is owed, so that no events wait. A run that is under way is joined. What could not be read is tried again
   * afterwards, for as long as the session lives.
   *
   * @returns once no events wait: true, or false if the session ended before
   */
  run(): Promise<boolean> {
    this.#wake();
    if (!this.#running) {
      this.#running = true;
      this.#outcome = this.#untilReleased();
    }
    return this.#outcome;
  }

  async #untilReleased(): Promise<boolean> {
    const { facts, stopped, cut, log } = this.#deps;
    this.#unanswered = this.#cut = 0;
    const over = new AbortController();
    void this.#timeout().run(AbortSignal.any([stopped, over.signal]));
    while (!stopped.aborted && facts.holding) {
      const round = new AbortController();
      try {
        // What hangs in a round that is over is not waited for.
        await Promise.race([this.#round(), this.#isOver(facts.holds, round.signal)]);
      } catch (error) {
        log.warn({ reason: describe(error) }, 'missed messages could not be read; retrying');
        await this.#pause(AGAIN_MS);
      } finally {
        round.abort();
      }
    }
    over.abort();
    this.#running = false;
    if (this.#cut > 0) cut(this.#cut);
    if (facts.unread > 0) void this.#makeGood(facts.holds);
    return !facts.holding;
  }

  #timeout(): CatchUpTimeout {
    const { facts, answers, deadlines, clock, log } = this.#deps;
    return new CatchUpTimeout({
      facts,
      answers,
      progress: () => this.#progress,
      giveUpOn: (chats) => (chats === 'all' ? this.#letAllGo() : this.#letGo(chats)),
      limitMs: deadlines.catchUpWait,
      clock,
      log,
    });
  }

  /** Resolves once what is read counts no longer, or no events wait. */
  async #isOver(hold: number, done: AbortSignal): Promise<void> {
    const { facts, stopped, clock } = this.#deps;
    const until = AbortSignal.any([stopped, done]);
    while (!until.aborted && facts.holds === hold && facts.holding)
      await clock.sleep(LOOK_MS, until).catch(() => undefined);
  }

  /** @throws TransportError if the page is away */
  async #round(): Promise<void> {
    const { facts, undecrypted, deadlines, log } = this.#deps;
    const hold = facts.holds;
    const isCurrent = (): boolean => facts.holds === hold && facts.holding;
    if (!facts.isListed) {
      // The oldest first: they may lie long before the mark. They are asked for regularly, too.
      await within(undecrypted.look(), deadlines.history, 'the look for decrypted messages').catch((error: unknown) =>
        log.warn({ reason: describe(error) }, 'some messages could not be read; retrying later'),
      );
      const chats = await this.#list();
      if (!isCurrent()) return;
      facts.expect(chats);
    }
    for (const pause of TRIES_MS) {
      if (pause > 0 && isCurrent()) await this.#pause(pause);
      if (!isCurrent()) return;
      const queue = new Set(facts.owing(false));
      await Promise.all(Array.from({ length: AT_ONCE }, () => this.#readEach(queue, isCurrent)));
    }
    if (isCurrent()) this.#letGo(facts.owing(false));
  }

  /** @throws TransportError */
  async #list(): Promise<readonly ListedChat[]> {
    const { facts, linkedAt, deadlines } = this.#deps;
    const owing = facts.owing(false).concat(facts.owing(true));
    const floor = Math.max(linkedAt(), facts.reportedUntil - SLACK_S);
    const active = (await this.#ask((page) =>
      page.call(chatsActiveSince, deadlines.call, floor),
    )) as unknown as readonly ListedChat[];
    this.#progress += 1;
    const named = new Set(active.flatMap(({ id, otherId }) => [id, otherId]));
    return [...active, ...owing.filter((id) => !named.has(id)).map((id) => ({ id, otherId: null }))];
  }

  /** Chats of which events wait come first. @throws TransportError if the page is away */
  async #readEach(queue: Set<ChatId>, isCurrent: () => boolean): Promise<void> {
    const { facts } = this.#deps;
    while (isCurrent()) {
      const chat = facts.waiting.find((each) => queue.has(each)) ?? [...queue.keys()][0];
      if (chat === undefined) return;
      queue.delete(chat);
      // It may have been let go meanwhile.
      if (!facts.owing(false).includes(chat)) continue;
      if ((await this.#read(chat)) && isCurrent()) facts.settle(chat);
    }
  }

  /**
   * Reports what was missed in a chat, oldest first; false if it could not be read. @throws TransportError if the page
   * is away
   */
  async #read(chat: ChatId): Promise<boolean> {
    const { facts, deadlines, linkedAt, answers, log } = this.#deps;
    const floor = Math.max(linkedAt(), facts.owedSince(chat) - SLACK_S);
    let reason = 'WhatsApp Web never finishes loading it';
    for (let questions = 0; questions < MOST_QUESTIONS; questions++) {
      let answer: ChatHistory;
      try {
        const ms = deadlines.history + deadlines.call;
        answer = await this.#ask((page) => page.call(messagesSince, ms, chat, floor, MOST_PER_CHAT, deadlines.history));
      } catch (error) {
        if (!answers()) throw error;
        reason = describe(error);
        break;
      }
      if (answer.state === 'failed') {
        this.#remains.set(chat, answer.messages);
        reason = answer.reason ?? 'WhatsApp Web does not say why';
        break;
      }
      this.#progress += 1;
      if (answer.state === 'more') continue;
      this.#remains.delete(chat);
      this.#report(answer.messages);
      if (answer.state === 'cut') this.#cut += 1;
      return true;
    }
    log.warn({ reason }, 'the missed messages of a chat could not be read');
    return false;
  }

  #report(messages: ChatHistory['messages']): void {
    for (const message of messages) this.#deps.inbound.missed(message as unknown as RawMessage);
  }

  /** Their events go on, after what the page holds of them by itself. */
  #letGo(chats: readonly ChatId[]): void {
    const { facts, unread } = this.#deps;
    if (chats.length === 0) return;
    for (const chat of chats) {
      this.#report(this.#remains.get(chat) ?? []);
      this.#remains.delete(chat);
    }
    facts.letGo(chats);
    unread();
  }

  #letAllGo(): void {
    const { facts, unread } = this.#deps;
    facts.letAllGo();
    unread();
  }

  /** Tries again what could not be read, less and less often, until everything is or another run begins. */
  async #makeGood(hold: number): Promise<void> {
    const { facts, stopped, deadlines, answers, log } = this.#deps;
    if (this.#makesGood === hold) return;
    this.#makesGood = hold;
    const isCurrent = (): boolean => !stopped.aborted && facts.holds === hold && facts.unread > 0;
    for (let pause = deadlines.catchUpAgain; isCurrent();) {
      await this.#pause(pause);
      if (!answers()) continue;
      pause = Math.min(2 * pause, LONGEST_PAUSE * deadlines.catchUpAgain);
      try {
        if (facts.isListed) await this.#readOwed(isCurrent);
        else await this.#list();
      } catch (error) {
        log.warn({ reason: describe(error) }, 'pending messages could not be read; retrying');
        continue;
      }
      if (!isCurrent() || facts.isListed) continue;
      // The list can be had again, so that everything is read in its order.
      facts.hold();
      void this.run();
    }
  }

  /** @throws TransportError if the page is away */
  async #readOwed(isCurrent: () => boolean): Promise<void> {
    const { facts } = this.#deps;
    for (const chat of facts.owing(true)) {
      if (!isCurrent()) return;
      if ((await this.#read(chat)) && isCurrent()) facts.settle(chat);
      this.#remains.delete(chat);
    }
  }

  /** @throws TransportError */
  async #ask<Answer>(question: (page: PageCalls) => Promise<Answer>): Promise<Answer> {
    try {
      const answer = await question(this.#deps.page());
      this.#unanswered = 0;
      return answer;
    } catch (error) {
      if (error instanceof TransportError && error.late) this.#unanswered += 1;
      throw error;
    }
  }

  /** Ends early where a run is asked for. */
  async #pause(ms: number): Promise<void> {
    const { clock, stopped } = this.#deps;
    const woken = new Promise<void>((resolve) => (this.#wake = resolve));
    await Promise.race([clock.sleep(ms, stopped).catch(() => undefined), woken]);
  }
}

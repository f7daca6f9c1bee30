/**
 * The send status of messages whose sends were cut off. WhatsApp Web stores an outgoing message before it hands it to
 * the network, and sends what it holds unacknowledged by itself when it is back. So what it has stored will leave or
 * has left, and what it never stored never left; ADR 8 says what this rests on.
 */
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import { EngineError, type SendStatus } from '../../engine.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { type PageSendStatus, readSendStatus } from '../page/page-send-status.ts';
import { describe } from '../page/page-reason.ts';

export class SendStatusReader {
  readonly #page: () => PageCalls;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  #readySince = -Infinity;

  /** @param page throws while the session is not ready */
  constructor(page: () => PageCalls, deadlines: Deadlines, clock: Clock) {
    this.#page = page;
    this.#deadlines = deadlines;
    this.#clock = clock;
  }

  /** The session is ready, perhaps again: the page begins to send what it holds. */
  ready(): void {
    this.#readySince = this.#clock.elapsed();
  }

  /** @throws EngineError `defer` where the page cannot tell yet */
  async of(messageId: MessageId, chatId: ChatId): Promise<SendStatus> {
    const status = await this.#read(chatId, messageId.split('_')[2] ?? '');
    if (status.held === 'nowhere') return 'absent';
    if (status.held === 'stored' && status.ack >= 1) return 'sent';
    // What the page refused or gave up it says by itself; the rest is given as long as after a send to become clear.
    const given = status.held === 'given' || (status.held === 'stored' && status.ack < 0);
    if (!given && this.#clock.elapsed() - this.#readySince < this.#deadlines.ack)
      throw new EngineError(
        'defer',
        'WAB_SESSION_NOT_READY',
        `WhatsApp Web does not know yet: the message is ${status.held}`,
      );
    return 'unknown';
  }

  async #read(chatId: ChatId, stanzaId: string): Promise<PageSendStatus> {
    try {
      return await this.#page().call(readSendStatus, this.#deadlines.call, chatId, stanzaId);
    } catch (error) {
      throw new EngineError('defer', 'WAB_SESSION_NOT_READY', describe(error), { cause: error });
    }
  }
}

/**
 * Messages that came but cannot be read yet: WhatsApp asks the sender for them again, which takes a moment or days. The
 * library tells of the decryption only while the page stays loaded, so the page's store is asked as well, also after a
 * restart: what waits is part of the progress record.
 */
import type { MessageId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import { PeriodicJob } from '../../../ops/periodic-job.ts';
import type { Deadlines } from '../deadlines.ts';
import { PendingMessages } from './pending-messages.ts';
import type { RawMessage } from './raw-message.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { readDecrypted } from '../page/page-functions.ts';
import type { UndecryptedMessage } from '../login/profile.ts';
import type { ServerClock } from '../login/server-clock.ts';

const MOST = 500;

export interface UndecryptedDependencies {
  /** The page, while the session is ready. Throws otherwise. */
  readonly page: () => PageCalls;
  readonly deadlines: Deadlines;
  /** Comes with each that can be read now. */
  readonly decrypted: (raw: RawMessage) => void;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
  readonly serverClock: Pick<ServerClock, 'seconds'>;
}

export class Undecrypted {
  readonly #deps: UndecryptedDependencies;
  readonly #waiting: PendingMessages<UndecryptedMessage>;

  /** @param remembered by earlier runs */
  constructor(deps: UndecryptedDependencies, remembered: readonly UndecryptedMessage[]) {
    this.#deps = deps;
    this.#waiting = new PendingMessages({ ...deps, most: MOST, everyMs: deps.deadlines.undecrypted }, remembered);
  }

  /** What is to be remembered. */
  get waiting(): readonly UndecryptedMessage[] {
    return this.#waiting.all;
  }

  /** @param t when it was sent, in seconds */
  came(messageId: MessageId, t: number): void {
    this.#waiting.add({ messageId, t });
  }

  /** It was reported, or will never be. */
  settle(messageId: MessageId): void {
    this.#waiting.delete(messageId);
  }

  /** Asks regularly until the session ends. */
  async watch(): Promise<void> {
    const { clock, deadlines, stopped } = this.#deps;
    const job = new PeriodicJob({
      run: () => this.look(this.#waiting.due),
      every: deadlines.undecrypted,
      // A page that is away is asked in the next run.
      failed: () => undefined,
      clock,
    });
    await job.runUntil(stopped);
  }

  /** Asks the page, by default for all that wait. @throws TransportError */
  async look(messageIds: readonly MessageId[] = this.#waiting.all.map(({ messageId }) => messageId)): Promise<void> {
    if (messageIds.length === 0) return;
    const { page, deadlines, decrypted } = this.#deps;
    const found = await page().call(readDecrypted, deadlines.call, messageIds);
    this.#waiting.asked(messageIds);
    for (const { messageId, message } of found)
      if (this.#waiting.get(messageId as MessageId)) decrypted(message as unknown as RawMessage);
  }
}

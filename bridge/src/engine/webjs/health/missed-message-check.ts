/**
 * Whether the page has messages that it never announced. Silence proves nothing, since people are silent too; a message
 * that lies in the page's store and was never announced proves that the session misses events.
 */
import { isMessage, isUndecrypted } from '../inbound/message-mapper.ts';
import type { RawMessage } from '../inbound/raw-message.ts';
import type { StoredMessage } from '../page/page-probes.ts';

/** The page may hold messages a little older than the newest that was reported, in seconds. */
const SLACK_S = 60;
/** The keys remembered; beyond that the oldest are forgotten, and what is as old is no longer looked at. */
const REMEMBERED = 100_000;

/** WhatsApp's clock, in seconds since the epoch. */
interface ServerTime {
  readonly seconds: number;
}

const keyOf = (fromMe: boolean, stanzaId: string): string => `${fromMe ? 'out' : 'in'} ${stanzaId}`;

export class MissedMessageCheck {
  /** Key → when it was sent (seconds), in the order in which they were announced. */
  readonly #received = new Map<string, number>();
  readonly #serverTime: ServerTime;
  readonly #limit: number;
  #compareFrom = 0;

  /** @param limit keys remembered */
  constructor(serverTime: ServerTime, limit: number = REMEMBERED) {
    this.#serverTime = serverTime;
    this.#limit = limit;
  }

  /** The page announced this message, or a catch-up found it. */
  received(raw: RawMessage): void {
    // One that cannot be read yet was announced, too: its decryption later says nothing about the page.
    const counts = isMessage(raw) || isUndecrypted(raw);
    // What the server has not taken yet is announced again once it has.
    if (!counts || (raw.id.fromMe && (raw.ack ?? 0) < 1)) return;
    this.#remember(keyOf(raw.id.fromMe, raw.id.id), raw.t);
  }

  /**
   * Since when (seconds) the page's store is to be compared.
   *
   * @param mark up to which everything received is on record
   * @param notBefore what is older belongs to an earlier run or to no session at all
   */
  compareFrom(mark: number, notBefore: number): number {
    this.#compareFrom = Math.max(this.#compareFrom, mark - SLACK_S, notBefore);
    for (const [key, sentAt] of this.#received) if (sentAt < this.#compareFrom) this.#received.delete(key);
    return this.#compareFrom;
  }

  /** The messages in the page's store that were never announced. */
  notReceived(stored: readonly StoredMessage[]): StoredMessage[] {
    return stored.filter(
      ({ fromMe, stanzaId, t, type, ack }) =>
        t >= this.#compareFrom &&
        isMessage({ type }) &&
        // A message of this account counts once the server has it: before that it is announced to nobody.
        (!fromMe || ack >= 1) &&
        !this.#received.has(keyOf(fromMe, stanzaId)),
    );
  }

  /** What could be done for these was done: they do not count as missing again. */
  settle(stored: readonly StoredMessage[]): void {
    for (const { fromMe, stanzaId, t } of stored) this.#remember(keyOf(fromMe, stanzaId), t);
  }

  #remember(key: string, sentAt: number): void {
    this.#received.set(key, sentAt);
    if (this.#received.size <= this.#limit) return;
    const [oldest, at] = this.#received.entries().next().value as [string, number];
    this.#received.delete(oldest);
    // It would look missing from now on. One dated in the future must not hide what is said until then.
    this.#compareFrom = Math.max(this.#compareFrom, Math.min(at, this.#serverTime.seconds) + 1);
  }
}

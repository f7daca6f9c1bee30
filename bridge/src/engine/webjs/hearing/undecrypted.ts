/**
 * Messages that came but cannot be read yet: WhatsApp asks the sender for them again, which takes a moment or days. The
 * library tells of the decryption only while the page stays loaded, so the page's store is asked as well, also after a
 * restart: what waits is part of the progress record.
 */
import type { WireId } from '../../../contract/ids.ts';
import type { Clock } from '../../../ops/clock.ts';
import type { Deadlines } from '../deadlines.ts';
import type { RawMessage } from './message-mapper.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { readDecrypted } from '../page/page-functions.ts';
import type { UndecryptedMessage } from '../login/profile.ts';

/** The oldest are forgotten beyond that. */
const MOST = 500;
/** As long as WhatsApp keeps a device linked whose phone is away. */
const LONGEST_S = 14 * 24 * 3600;
/** A message is asked for again after this share of its age, so that old ones cost little. */
const SHARE_OF_AGE = 0.1;

export interface UndecryptedParts {
  /** The page, while the session is ready. Throws otherwise. */
  readonly page: () => PageCalls;
  readonly deadlines: Deadlines;
  /** Comes with each that can be read now. */
  readonly decrypted: (raw: RawMessage) => void;
  /** Ends with the session. */
  readonly stopped: AbortSignal;
  readonly clock: Clock;
}

export class Undecrypted {
  readonly #parts: UndecryptedParts;
  /** When they were sent, and when they are to be asked for, both in seconds; oldest first. */
  readonly #waiting = new Map<WireId, { readonly t: number; dueAt: number }>();

  /** @param remembered by earlier runs */
  constructor(parts: UndecryptedParts, remembered: readonly UndecryptedMessage[]) {
    this.#parts = parts;
    for (const { wireId, t } of remembered) this.#waiting.set(wireId, { t, dueAt: 0 });
  }

  /** What is to be remembered. */
  get waiting(): readonly UndecryptedMessage[] {
    return [...this.#waiting].map(([wireId, { t }]) => ({ wireId, t }));
  }

  /** @param t when it was sent, in seconds */
  came(wireId: WireId, t: number): void {
    if (this.#waiting.has(wireId)) return;
    const now = this.#now;
    this.#waiting.set(wireId, { t, dueAt: now + this.#parts.deadlines.undecrypted / 1000 });
    for (const [id, { t: sentAt }] of this.#waiting)
      if (this.#waiting.size > MOST || sentAt < now - LONGEST_S) this.#waiting.delete(id);
  }

  /** It was reported, or will never be. */
  settle(wireId: WireId): void {
    this.#waiting.delete(wireId);
  }

  /** Asks regularly until the session ends. */
  async watch(): Promise<void> {
    const { clock, deadlines, stopped } = this.#parts;
    while (!stopped.aborted) {
      await clock.sleep(deadlines.undecrypted, stopped).catch(() => undefined);
      const now = this.#now;
      const due = [...this.#waiting].filter(([, { dueAt }]) => dueAt <= now).map(([wireId]) => wireId);
      // A page that is away is asked in the next round.
      if (due.length > 0 && !stopped.aborted) await this.look(due).catch(() => undefined);
    }
  }

  /** Asks the page, by default for all that wait. @throws TransportError */
  async look(wireIds: readonly WireId[] = [...this.#waiting.keys()]): Promise<void> {
    if (wireIds.length === 0) return;
    const { page, deadlines, decrypted } = this.#parts;
    const found = await page().call(readDecrypted, deadlines.call, wireIds);
    const now = this.#now;
    for (const wireId of wireIds) {
      const waiting = this.#waiting.get(wireId);
      if (waiting) waiting.dueAt = now + (now - waiting.t) * SHARE_OF_AGE;
    }
    for (const { wireId, message } of found) if (this.#waiting.has(wireId as WireId)) decrypted(message as never);
  }

  get #now(): number {
    return this.#parts.clock.now() / 1000;
  }
}

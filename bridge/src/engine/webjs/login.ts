/** How an account comes to be linked: the codes that a person scans, and since when the account belongs to the session. */
import type { Clock } from '../../ops/clock.ts';

/** WhatsApp's first code lives longer than the ones that follow it. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** This machine's clock may be ahead of WhatsApp's: rather report a message from just before the linking than lose one. */
const CLOCKS_DIFFER_S = 120;

export interface LoginListener {
  qr(code: string, expiresAt: Date): void;
  /** Comes once; `anew` where the account was linked just now. */
  authenticated(anew: boolean): void;
}

export class Login {
  readonly #listener: LoginListener;
  readonly #clock: Clock;
  #linkedAt: number;
  #authenticated = false;
  #qrCodes = 0;

  /** @param linkedAt seconds: since when the account belongs to the session, as far as earlier runs know */
  constructor(listener: LoginListener, linkedAt: number, clock: Clock) {
    this.#listener = listener;
    this.#linkedAt = linkedAt;
    this.#clock = clock;
  }

  /** Seconds: what is older never belonged to this session. */
  get linkedAt(): number {
    return this.#linkedAt;
  }

  get isAuthenticated(): boolean {
    return this.#authenticated;
  }

  /** The page shows a code. */
  shown(code: string): void {
    if (code.startsWith('undefined')) return;
    const now = this.#clock.now();
    const expiresAt = new Date(now + (this.#qrCodes++ === 0 ? FIRST_QR_MS : NEXT_QR_MS));
    this.#linkedAt = Math.floor(now / 1000) - CLOCKS_DIFFER_S;
    this.#listener.qr(code, expiresAt);
  }

  /** Said again after every sync; only the first is news. */
  authenticated(): void {
    if (this.#authenticated) return;
    this.#authenticated = true;
    this.#listener.authenticated(this.#qrCodes > 0);
  }
}

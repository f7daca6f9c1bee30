/** The codes by which a person links the account of a session: the QR code shown, and a pairing code where one was asked for. */
import { WabError } from '../contract/errors.ts';
import type { SessionState } from '../contract/session-states.ts';
import type { SessionName } from '../contract/ids.ts';
import { type Engine, EngineError } from '../engine/engine.ts';
import type { Clock } from '../ops/clock.ts';
import type { LoginCode } from '../contract/views/session.ts';

interface Issued {
  readonly code: string;
  readonly expiresAt: Date;
}

interface Held {
  readonly shown: LoginCode;
  /** In milliseconds elapsed, since the time of day may be set while the code holds. */
  readonly until: number;
}

export class LoginCodes {
  readonly #session: SessionName;
  readonly #clock: Clock;
  #offered: Held | null = null;
  #qr: Held | null = null;
  #pairing: Held | null = null;

  constructor(session: SessionName, clock: Clock) {
    this.#session = session;
    this.#clock = clock;
  }

  /** The code to scan, while there is one that has not expired. */
  get qr(): LoginCode | null {
    return this.#valid(this.#qr);
  }

  /** The code to type on the phone, while there is one that has not expired. */
  get pairing(): LoginCode | null {
    return this.#valid(this.#pairing);
  }

  /** How long the code to type still holds, in milliseconds; 0 if there is none. */
  get pairingLeftMs(): number {
    return this.#pairing ? Math.max(0, this.#pairing.until - this.#clock.elapsed()) : 0;
  }

  /** The engine offers a QR code; whether it is shown is the session's to decide. */
  offer(issued: Issued): void {
    this.#offered = this.#hold(issued);
  }

  /** Shows the code offered last. Returns it where it is another than before: engines repeat one that still holds. */
  show(): LoginCode | null {
    if (!this.#offered || this.#offered.shown.code === this.#qr?.shown.code) return null;
    this.#qr = this.#offered;
    return this.#qr.shown;
  }

  /** The engine has taken its QR code back. */
  withdraw(): void {
    this.#offered = this.#qr = null;
  }

  /**
   * Asks the engine for a pairing code.
   *
   * @param phone `+` and digits
   * @returns null unless a QR code is shown, beside which a pairing code can be had
   * @throws WabError, as `Sessions.requestPairingCode`
   */
  async request(engine: Engine | null, state: SessionState, phone: string): Promise<LoginCode | null> {
    if (state !== 'awaiting_scan' && state !== 'ready') return null;
    try {
      const code = await engine?.requestPairingCode(phone);
      return code ? codeOf(code) : null;
    } catch (error) {
      throw pairingProblem(error, this.#session, state);
    }
  }

  /** The engine has given a pairing code, or renewed one. */
  paired(issued: Issued): void {
    this.#pairing = this.#hold(issued);
  }

  hide(): void {
    this.#qr = this.#pairing = null;
  }

  #hold(issued: Issued): Held {
    const left = issued.expiresAt.getTime() - this.#clock.now();
    return { shown: codeOf(issued), until: this.#clock.elapsed() + left };
  }

  #valid(held: Held | null): LoginCode | null {
    return held && held.until > this.#clock.elapsed() ? held.shown : null;
  }
}

const codeOf = ({ code, expiresAt }: Issued): LoginCode => ({ code, expiresAt: expiresAt.toISOString() });

/** What went wrong with a request for a pairing code, in the words of the catalogue. */
function pairingProblem(error: unknown, session: SessionName, state: string): unknown {
  if (!(error instanceof EngineError)) return error;
  const options = { cause: error };
  if (error.code === 'WAB_PAIRING_REFUSED' || error.code === 'WAB_PAIRING_LIMITED')
    return new WabError(error.code, { reason: error.message }, options);
  if (error.code === 'WAB_SESSION_STATE')
    return new WabError(error.code, { session, state, hint: 'log it out before another account is linked.' }, options);
  const hint = `The pairing code could not be requested: ${error.message}. Try again.`;
  return new WabError('WAB_SESSION_NOT_READY', { session, state, hint }, options);
}

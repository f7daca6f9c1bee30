/** How an account comes to be linked: by a QR code or a pairing code, and since when it belongs to the session. */
import type { Clock } from '../../../ops/clock.ts';
import type { Log } from '../../../ops/logger.ts';
import { EngineError, type PairingCode } from '../../engine.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { refreshQr } from '../page/page-login.ts';
import type { ServerClock } from './server-clock.ts';
import { Pairing } from './pairing.ts';

/** WhatsApp's first code lives longer than the ones that follow it. */
const FIRST_QR_MS = 60_000;
const NEXT_QR_MS = 20_000;
/** Clocks are never quite the same: rather report a message from just before the linking than lose one. */
const CLOCKS_DIFFER_S = 120;
/** Where the secret stands in the text of a QR code: `ref,noise key,identity key,secret,platform`. */
const SECRET = 3;

export interface LoginListener {
  qr(code: string, expiresAt: Date): void;
  /** The QR code holds no longer. */
  qrWithdrawn(): void;
  pairingCode(code: PairingCode): void;
  /** Comes once for each login; `linkedNow` where the account was linked just now. */
  authenticated(linkedNow: boolean): void;
}

export interface LoginDependencies {
  readonly page: () => PageCalls;
  readonly listener: LoginListener;
  readonly deadlines: Deadlines;
  readonly clock: Clock;
  /** WhatsApp's, by which it dates what is said after the linking. */
  readonly serverClock: Pick<ServerClock, 'at'>;
  readonly log: Log;
}

export class Login {
  readonly #deps: LoginDependencies;
  readonly #pairing: Pairing;
  readonly #linkedAt: number;
  /** When a code was shown for the last time, in milliseconds elapsed. */
  #shownAt: number | null = null;
  /** The same by WhatsApp's clock, in seconds, once that was asked; it may be asked again afterwards. */
  #shownAtServer: number | null = null;
  #authenticated = false;
  #qrCodes = 0;
  /** The code on display, and until when it holds, in milliseconds elapsed. */
  #qr: { readonly code: string; readonly until: number } | null = null;

  /** @param linkedAt seconds: since when the account belongs to the session, as far as earlier runs know */
  constructor(deps: LoginDependencies, linkedAt: number) {
    this.#deps = deps;
    this.#linkedAt = linkedAt;
    this.#pairing = new Pairing({
      ...deps,
      issued: (code, secret) => {
        deps.listener.pairingCode(code);
        this.#secretChanged(secret);
      },
    });
  }

  /** Seconds: what is older never belonged to this session. */
  get linkedAt(): number {
    if (this.#shownAt === null) return this.#linkedAt;
    return (this.#shownAtServer ?? this.#deps.serverClock.at(this.#shownAt)) - CLOCKS_DIFFER_S;
  }

  get isAuthenticated(): boolean {
    return this.#authenticated;
  }

  /** The page shows a code. */
  shown(code: string): void {
    // The page has taken its code back, as it does the moment that one is scanned.
    if (/^(undefined|null),/.test(code)) return this.#withdraw();
    const now = this.#deps.clock.elapsed();
    this.#shownAt = now;
    this.#shownAtServer = null;
    this.#show(code, now + (this.#qrCodes++ === 0 ? FIRST_QR_MS : NEXT_QR_MS));
    void this.#pairing.look();
  }

  /** WhatsApp's clock was asked after a code was shown. */
  dated(): void {
    if (this.#shownAt !== null) this.#shownAtServer ??= this.#deps.serverClock.at(this.#shownAt);
  }

  /** The page has shown all its codes and waits to be asked for more; that would void a pairing code. */
  idle(): void {
    if (this.#pairing.isPending) return;
    const { page, deadlines } = this.#deps;
    page()
      .call(refreshQr, deadlines.call)
      .catch(() => undefined);
  }

  /** @throws EngineError, as `Engine.requestPairingCode` */
  async requestPairingCode(phone: string): Promise<PairingCode> {
    if (this.#authenticated) throw new EngineError('fail', 'WAB_SESSION_STATE', 'an account is already linked');
    if (this.#qrCodes === 0) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', 'there is no QR code to scan yet');
    return this.#pairing.request(phone);
  }

  /** The page has an account, whose data may still be loading. Said again after every sync; only the first is news. */
  authenticated(): void {
    this.end();
    if (this.#authenticated) return;
    this.#authenticated = true;
    this.#deps.listener.authenticated(this.#qrCodes > 0);
  }

  /** The code that was taken did not link the page: it shows codes again, and the last of them may still hold. */
  unauthenticated(): void {
    if (!this.#authenticated) return;
    this.#authenticated = false;
    if (this.#qr && this.#qr.until > this.#deps.clock.elapsed()) this.#show(this.#qr.code, this.#qr.until);
  }

  /** Nobody is linked by this page any more. */
  end(): void {
    this.#pairing.end();
  }

  #withdraw(): void {
    if (this.#qr === null) return;
    this.#qr = null;
    this.#deps.listener.qrWithdrawn();
  }

  #show(code: string, until: number): void {
    const { clock, listener } = this.#deps;
    this.#qr = { code, until };
    listener.qr(code, new Date(clock.now() + until - clock.elapsed()));
  }

  /** A pairing code gives the page a new secret, and the QR code on display names the old one. */
  #secretChanged(secret: string): void {
    if (!this.#qr) return;
    const { code, until } = this.#qr;
    const fields = code.split(',');
    if (fields[SECRET] === secret) return;
    this.#show(fields.with(SECRET, secret).join(','), until);
  }
}

/**
 * How a simulated account is linked: QR codes shown to a device without login state, renewed until one is scanned, and
 * beside them, on request, a code to be typed on the phone.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { LocalDeviceConnection } from './local-device-connection.ts';

/** As WhatsApp writes pairing codes: no character that looks like another. */
const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTVWXYZ';
const CODE_LENGTH = 8;
/** A pairing code lives for three minutes where a QR code lives for twenty seconds, and is renewed five times. */
const PAIRING_LIFETIMES = 9;
const RENEWALS = 5;

export class PairingService {
  readonly #session: SessionName;
  readonly #lifetimeMs: number;
  readonly #autoLink: boolean;
  readonly #scan: () => Promise<void>;
  #shown: { readonly connection: LocalDeviceConnection; readonly code: string } | null = null;
  #timer: NodeJS.Timeout | null = null;
  #pairingCode: string | null = null;
  #pairingTimer: NodeJS.Timeout | null = null;

  /** @param scan scans the code, as a person would; used with `autoLink` */
  constructor(session: SessionName, lifetimeMs: number, autoLink: boolean, scan: () => Promise<void>) {
    this.#session = session;
    this.#lifetimeMs = lifetimeMs;
    this.#autoLink = autoLink;
    this.#scan = scan;
  }

  get shown(): boolean {
    return this.#shown !== null;
  }

  show(connection: LocalDeviceConnection): void {
    if (this.#shown?.connection !== connection) this.hide();
    if (this.#timer) clearTimeout(this.#timer);
    const code = `SIMULATED,${this.#session},${randomBytes(18).toString('base64url')}`;
    this.#shown = { connection, code };
    this.#timer = setTimeout(() => this.show(connection), this.#lifetimeMs);
    connection.emit({ on: 'qr', code, expiresAt: new Date(Date.now() + this.#lifetimeMs).toISOString() });
    // A device that hung up meanwhile no longer has a code to scan.
    if (this.#autoLink) setImmediate(() => void (this.#shown?.code === code && this.#scan().catch(() => undefined)));
  }

  /** A pairing code for the device that shows a QR code; the one before is void. */
  issueCode(renewals = RENEWALS): { readonly code: string; readonly expiresAt: string } {
    if (this.#pairingTimer) clearTimeout(this.#pairingTimer);
    const code = Array.from({ length: CODE_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    const lifetimeMs = this.#lifetimeMs * PAIRING_LIFETIMES;
    const given = { code, expiresAt: new Date(Date.now() + lifetimeMs).toISOString() };
    this.#pairingCode = code;
    this.#pairingTimer = setTimeout(() => {
      this.#pairingCode = null;
      if (renewals > 0) this.#shown?.connection.emit({ on: 'pairing_code', ...this.issueCode(renewals - 1) });
    }, lifetimeMs);
    return given;
  }

  hide(): void {
    this.#shown = null;
    this.#pairingCode = null;
    for (const timer of [this.#timer, this.#pairingTimer]) if (timer) clearTimeout(timer);
    this.#timer = this.#pairingTimer = null;
  }

  /** The device that shows the code, which is used up by this. @throws WabError WAB_QR_NOT_AVAILABLE */
  redeem(code?: string): LocalDeviceConnection {
    const shown = this.#shown;
    if (!shown || (code !== undefined && code !== shown.code && code !== this.#pairingCode)) {
      const state = shown ? 'already showing a newer code' : 'not waiting for a scan';
      throw new WabError('WAB_QR_NOT_AVAILABLE', { session: this.#session, state });
    }
    this.hide();
    return shown.connection;
  }
}

/** The QR codes of a simulated account: shown to a device without login state, renewed until one is scanned. */
import { randomBytes } from 'node:crypto';
import { WabError } from '../../contract/errors.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { DeviceLine } from './device-line.ts';

export class PairingDesk {
  readonly #session: SessionName;
  readonly #lifetimeMs: number;
  readonly #autoLink: boolean;
  readonly #scan: () => Promise<void>;
  #shown: { readonly line: DeviceLine; readonly code: string } | null = null;
  #timer: NodeJS.Timeout | null = null;

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

  show(line: DeviceLine): void {
    this.hide();
    const code = `SIMULATED,${this.#session},${randomBytes(18).toString('base64url')}`;
    this.#shown = { line, code };
    this.#timer = setTimeout(() => this.show(line), this.#lifetimeMs);
    line.tell({ on: 'qr', code, expiresAt: new Date(Date.now() + this.#lifetimeMs).toISOString() });
    // Whoever hung up meanwhile has no code to scan any more.
    if (this.#autoLink) setImmediate(() => void (this.#shown?.code === code && this.#scan().catch(() => undefined)));
  }

  hide(): void {
    this.#shown = null;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** The device that shows the code, which is used up by this. @throws WabError WAB_QR_NOT_AVAILABLE */
  take(code?: string): DeviceLine {
    const shown = this.#shown;
    if (!shown || (code !== undefined && code !== shown.code)) {
      const state = shown ? 'showing a newer code by now' : 'not waiting for a scan';
      throw new WabError('WAB_QR_NOT_AVAILABLE', { session: this.#session, state });
    }
    this.hide();
    return shown.line;
  }
}

/** Functions that run in a page without an account, see `page-functions.ts` for their rules. */
import type { PageWindow } from './page-window.ts';

declare const window: PageWindow;

export function refreshQr(): void {
  window.require('WAWebCmd').Cmd.refreshQR();
}

/** Which load of the page this is. */
export function readDocument(): string {
  return window.wabridge.document;
}

export type PairingResult =
  | {
      readonly given: true;
      readonly code: string;
      readonly document: string;
      /** The secret that QR codes have to name from now on. */
      readonly secret: string;
    }
  | {
      readonly given: false;
      /** `refused` is WhatsApp's answer, with its name and number in `reason` and `status`. */
      readonly why: 'not-waiting' | 'missing' | 'refused';
      readonly reason: string;
      readonly status: number | null;
    };

/**
 * Asks WhatsApp for a pairing code, in the page's own three steps. The code before is void from then on.
 *
 * @param phone digits, with country code
 * @param notify lets WhatsApp show a notification on the phone
 */
export async function startPairing(phone: string, notify: boolean): Promise<PairingResult> {
  try {
    const { state } = window.require('WAWebSocketModel').Socket;
    if (state !== 'UNPAIRED' && state !== 'UNPAIRED_IDLE')
      return { given: false, why: 'not-waiting', reason: state, status: null };
  } catch {
    return { given: false, why: 'not-waiting', reason: 'loading', status: null };
  }
  let linking;
  try {
    linking = window.require('WAWebAltDeviceLinkingApi');
  } catch {
    // Said below.
  }
  if (typeof linking?.startAltLinkingFlow !== 'function')
    return { given: false, why: 'missing', reason: 'WAWebAltDeviceLinkingApi', status: null };
  try {
    linking.setPairingType('ALT_DEVICE_LINKING');
    await linking.initializeAltDeviceLinking();
    const code = await linking.startAltLinkingFlow(phone, notify);
    const secret = window.require('WAWebUserPrefsMultiDevice').getADVSecretKey();
    return { given: true, code, document: window.wabridge.document, secret };
  } catch (error) {
    // The page's errors are minified: what WhatsApp answered is in `type`, and nothing else survives the way out.
    const { type, name, message } = error as {
      readonly type?: { readonly name?: string; readonly value?: { readonly code?: number; readonly text?: string } };
      readonly name?: string;
      readonly message?: string;
    };
    const reason = type?.name ?? type?.value?.text ?? `${name ?? 'Error'} ${message ?? ''}`;
    return { given: false, why: 'refused', reason, status: type?.value?.code ?? null };
  }
}

/** The time of WhatsApp's server, in milliseconds and to the second; null if it does not tell. */
export async function readServerTime(): Promise<number | null> {
  try {
    const { headers } = await fetch('https://web.whatsapp.com/', { method: 'HEAD', cache: 'no-store' });
    const sent = Date.parse(headers.get('date') ?? '');
    const age = Number(headers.get('age') ?? 0);
    return Number.isFinite(sent) && Number.isFinite(age) ? sent + age * 1000 : null;
  } catch {
    return null;
  }
}

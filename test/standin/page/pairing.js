/** Linking by a code that is typed into the phone. */
import { link } from './connection.js';
import { Cmd, renewSecret } from './identity.js';
import { define } from './registry.js';

let type = 'QR_CODE';
let initialized = false;

/** The server's refusals under the page's names; the message is empty, as after minification. */
const REFUSALS = {
  'rate-overlimit': { name: 'IQErrorRateOverlimit', code: 429 },
  'bad-request': { name: 'IQErrorBadRequest', code: 400 },
};
class CompanionHelloError extends Error {
  constructor(text) {
    super('');
    const { name = 'IQErrorUnknown', code = 500 } = REFUSALS[text] ?? {};
    this.name = 'CompanionHelloError';
    this.type = { name, value: { text, code } };
  }
}

function backToQr() {
  type = 'QR_CODE';
  initialized = false;
  link.send({ type: 'refresh' });
}

define('WAWebAltDeviceLinkingApi', {
  setPairingType: (value) => {
    type = value;
  },
  initializeAltDeviceLinking: async () => {
    if (type !== 'ALT_DEVICE_LINKING') throw new Error(`pairing type is ${type}`);
    initialized = true;
    // The QR that is shown names the secret of before.
    await renewSecret();
  },
  /** Gives the code; `notify` makes the phone show a notification. */
  startAltLinkingFlow: async (phone, notify) => {
    if (!initialized) throw new Error('alt device linking is not initialized');
    const { code, error } = await link.request({ type: 'pairing', phone: String(phone), notify: Boolean(notify) });
    if (error) throw new CompanionHelloError(error);
    initialized = false;
    return code;
  },
  initializeQRLinking: async () => backToQr(),
});
define('WAWebLaunchSocketUtils', { refreshQR: () => Cmd.refreshQR() });

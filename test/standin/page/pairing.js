/** Linking by a code that is typed into the phone. */
import { link } from './connection.js';
import { Cmd } from './identity.js';
import { define } from './registry.js';

let type = 'QR_CODE';
let initialized = false;

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
  },
  /** Gives the code; `notify` makes the phone show a notification. */
  startAltLinkingFlow: async (phone, notify) => {
    if (!initialized) throw new Error('alt device linking is not initialized');
    const { code, error } = await link.request({ type: 'pairing', phone: String(phone), notify: Boolean(notify) });
    if (error) throw new Error(error);
    return code;
  },
  initializeQRLinking: async () => backToQr(),
});
define('WAWebLaunchSocketUtils', { refreshQR: () => Cmd.refreshQR() });

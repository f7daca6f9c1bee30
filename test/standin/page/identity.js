/** Who this page is: its connection state, its keys, the account it is linked to. */
import { Emitter } from './events.js';
import { Model } from './model.js';
import { define } from './registry.js';
import { read, write } from './storage.js';
import { createWid } from './wid.js';

export const Socket = new Model({ state: 'OPENING', hasSynced: false });
export const Conn = new Model({
  ref: undefined,
  platform: 'android',
  pushname: undefined,
  battery: undefined,
  plugged: undefined,
});
export const Cmd = new Emitter();
export const me = { pn: undefined, lid: undefined };

const randomKey = () => crypto.getRandomValues(new Uint8Array(32));
const encodeB64 = (bytes) => btoa(String.fromCharCode(...bytes));
let keys;

/** The keys of this linked device: made once, then kept. */
export async function loadKeys() {
  keys = await read('values', 'keys');
  if (keys) return;
  keys = { noise: randomKey(), identity: randomKey(), adv: encodeB64(randomKey()) };
  await write('values', 'keys', keys);
}

/** Linking by a code gives the page a new secret; QR codes name the one that holds. */
export function renewSecret() {
  keys = { ...keys, adv: encodeB64(randomKey()) };
  return write('values', 'keys', keys);
}

export function becomes(account) {
  me.pn = createWid(account.pn);
  me.lid = createWid(account.lid);
  Conn.set({ pushname: account.name, ref: undefined });
}

define('WAWebSocketModel', { Socket });
define('WAWebConnModel', { Conn });
define('WAWebCmd', { Cmd });
define('WABase64', { encodeB64 });
define('WAWebAdvSignatureApi', {});
define('WAWebCompanionRegClientUtils', { DEVICE_PLATFORM: 'CHROME' });
define('WAWebUserPrefsInfoStore', { waNoiseInfo: { get: async () => ({ staticKeyPair: { pubKey: keys.noise } }) } });
define('WAWebSignalStoreApi', {
  waSignalStore: { getRegistrationInfo: async () => ({ identityKeyPair: { pubKey: keys.identity } }) },
});
define('WAWebUserPrefsMultiDevice', { getADVSecretKey: () => keys.adv });
define('WAWebUserPrefsMeUser', { getMaybeMePnUser: () => me.pn, getMaybeMeLidUser: () => me.lid });
/** How much of what came while the page was closed it has worked off, in percent. */
let offlineProgress = 0;
export function offlineProgressIs(percent) {
  offlineProgress = percent;
  Cmd.trigger('offline_progress_update_from_bridge');
}
define('WAWebOfflineHandler', { OfflineMessageHandler: { getOfflineDeliveryProgress: () => offlineProgress } });
/** How far the history has come that the phone sends to a newly linked device. */
export const historySync = new Model({ incomplete: false, realProgress: null });
define('WAWebHistorySyncProgressModel', { getHistorySyncProgressModel: () => historySync });

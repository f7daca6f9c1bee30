/** The page's life: unpaired with a QR, paired, synced, dropped and back, logged out. */
import { chatFor, rememberContact } from './collections.js';
import { becomes, Cmd, Conn, Socket } from './identity.js';
import { receiveAck, receiveMessage, receiveSeen } from './inbound.js';
import { Link } from './link.js';
import { read, wipe, write } from './storage.js';

const handlers = {
  /** Not linked: the ref is the part of the QR that names this connection. */
  ref: ({ ref }) => {
    Conn.set({ ref });
    Socket.set({ state: 'UNPAIRED' });
  },
  idle: () => Socket.set({ state: 'UNPAIRED_IDLE' }),
  paired: async ({ credential, account }) => {
    await write('values', 'credential', credential);
    await write('values', 'account', account);
    Socket.set({ state: 'PAIRING' });
    await online(account, []);
  },
  welcome: ({ account, backlog }) => online(account, backlog),
  message: (frame) => receiveMessage(frame.message, true),
  ack: receiveAck,
  seen: receiveSeen,
  conflict: () => Socket.set({ state: 'CONFLICT' }),
  reload: () => location.reload(),
  logout,
};

/** Frames are worked off one after another, so that nothing overtakes a write to IndexedDB. */
let queue = Promise.resolve();
export const link = new Link({
  onUp: async () => link.send({ type: 'hello', credential: (await read('values', 'credential')) ?? null }),
  onDown: () => {
    Socket.set({ state: 'TIMEOUT' });
    Socket.set({ state: 'OPENING' });
  },
  onFrame: (frame) => {
    queue = queue.then(() => receive(frame)).catch(reportError);
  },
});

async function receive(frame) {
  await handlers[frame.type]?.(frame);
  if (frame.number !== undefined) link.send({ type: 'got', number: frame.number });
}

let onOnline = () => undefined;
export const whenOnline = (listener) => (onOnline = listener);

async function online(account, backlog) {
  becomes(account);
  for (const contact of account.contacts) rememberContact(contact);
  for (const group of account.groups) chatFor(group.id, group.name);
  for (const frame of backlog) {
    if (frame.type === 'message') await receiveMessage(frame.message, false);
    else await handlers[frame.type]?.(frame);
    link.send({ type: 'got', number: frame.number });
  }
  Socket.set({ state: 'CONNECTED', hasSynced: false });
  onOnline();
  const synced = () => Socket.set({ hasSynced: true });
  if (window.STANDIN.syncDelayMs > 0) setTimeout(synced, window.STANDIN.syncDelayMs);
  else synced();
}

/** Unlinked: what was kept is void, and the page starts over. */
async function logout() {
  link.close();
  await wipe();
  Cmd.trigger('logout');
  location.href = '/?post_logout=1';
}

Socket.logout = async () => {
  await link.request({ type: 'unlink' }).catch(() => undefined);
  await wipe();
};
Socket.reconnect = () => undefined;
Socket.takeover = () => link.send({ type: 'takeover' });
Cmd.refreshQR = () => link.send({ type: 'refresh' });
for (const name of ['logout', 'reconnect', 'takeover']) Object.defineProperty(Socket, name, { enumerable: false });

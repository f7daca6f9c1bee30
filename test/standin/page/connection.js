/** The page's life: unpaired with a QR, paired, synced, dropped and back, logged out. */
import { rememberContact, rememberGroup } from './collections.js';
import { becomes, Cmd, Conn, offlineProgressIs, Socket } from './identity.js';
import { inbound } from './inbound.js';
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
  conflict: () => Socket.set({ state: 'CONFLICT' }),
  /** WhatsApp serves this account or this page no longer; the page does not try again. */
  blocked: ({ state }) => {
    link.close();
    Socket.set({ state });
  },
  reload: () => location.reload(),
  logout,
};

/** What to do with a kind of frame. */
export const handle = (type, handler) => (handlers[type] = handler);

/** Frames are worked off one after another, so that nothing overtakes a write to IndexedDB. */
let queue = Promise.resolve();
export const link = new Link({
  onUp: async () =>
    link.send({
      type: 'hello',
      credential: (await read('values', 'credential')) ?? null,
      page: window.STANDIN.page,
    }),
  onDown: () => {
    Socket.set({ state: 'TIMEOUT' });
    Socket.set({ state: 'OPENING' });
  },
  onFrame: (frame) => {
    queue = queue.then(() => receive(frame)).catch(reportError);
  },
});

/** Nothing that the server sends is worked off any more. */
export function holdInbound() {
  queue = new Promise(() => undefined);
}

async function receive(frame, live = true) {
  await (inbound[frame.type] ?? handlers[frame.type])?.(frame, live);
  if (frame.number !== undefined) link.send({ type: 'got', number: frame.number });
}

let onOnline = () => undefined;
export const whenOnline = (listener) => (onOnline = listener);

async function online(account, backlog) {
  becomes(account);
  for (const contact of account.contacts) rememberContact(contact);
  for (const group of account.groups) rememberGroup(group);
  for (const frame of backlog) await receive(frame, false);
  offlineProgressIs(100);
  Socket.set({ state: 'CONNECTED', hasSynced: false });
  onOnline();
  link.isWelcome();
  const { page, syncDelayMs, syncsTwice } = window.STANDIN;
  const synced = () => {
    Socket.set({ hasSynced: true });
    if (syncsTwice) Socket.set({ hasSynced: false }).set({ hasSynced: true });
  };
  // The server waits, so that a test can end it.
  if (syncDelayMs > 0) void fetch(`/standin/wait?ms=${syncDelayMs}&page=${page}`).then(synced);
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
Socket.reconnect = () => link.renew();
Socket.takeover = () => link.send({ type: 'takeover' });
Cmd.refreshQR = () => link.send({ type: 'refresh' });
for (const name of ['logout', 'reconnect', 'takeover']) Object.defineProperty(Socket, name, { enumerable: false });

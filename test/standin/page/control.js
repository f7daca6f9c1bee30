/** What a test does to this page from outside, over a WebSocket of its own. */
import { restoreHooks } from './calls.js';
import { Chat, Msg, renewCollections } from './collections.js';
import { holdInbound } from './connection.js';
import { historySync, Socket } from './identity.js';
import { breakFunction, heldCalls, repair } from './registry.js';

/** What grew stays referenced. */
const ballast = [];
const DOUBLES_PER_MEGABYTE = 131_072;

const commands = {
  fault: ({ path, fault }) => breakFunction(path, fault),
  held: ({ path }) => heldCalls(path),
  repair: ({ path }) => repair(path),
  breakSerialize: ({ text }) => void window.STANDIN.unserializable.push(text),
  busy: ({ ms, how }) => void setTimeout(() => busyBy[how](ms), 20),
  deafen: ({ way }) => ways[way](),
  grow: ({ megabytes }) => {
    for (let megabyte = 0; megabyte < megabytes; megabyte += 1)
      ballast.push(Array.from({ length: DOUBLES_PER_MEGABYTE }, (_, place) => place + 0.5));
  },
  state: ({ state }) => Socket.set({ state }),
  resync: () => {
    Socket.set({ hasSynced: false });
    Socket.set({ hasSynced: true });
  },
  progress: ({ history }) => historySync.set({ incomplete: history < 100, realProgress: history }),
  listeners: () => Socket.count('change:hasSynced'),
  dialog: ({ kind }) => void setTimeout(() => window[kind]('Something went wrong.'), 20),
  iframes: ({ count }) => {
    for (let each = 0; each < count; each += 1) {
      const frame = document.createElement('iframe');
      frame.src = `/page/frame.html?${each}`;
      document.body.append(frame);
    }
  },
  reload: () => void setTimeout(() => location.reload(), 0),
};

const isExposed = (name) => /^on([A-Z]\w*Event|IncomingCall|Reaction)$/.test(name);

/** What whatsapp-web.js exposed to the page is not there. */
export function loseFunctions() {
  for (const name of Object.keys(window).filter(isExposed)) delete window[name];
}

/** Ways in which a page that is alive lets the library hear nothing. */
const ways = {
  listeners: () => {
    Msg.off();
    Chat.off();
    restoreHooks();
  },
  collections: () => {
    renewCollections();
    restoreHooks();
  },
  functions: () => {
    for (const name of Object.keys(window).filter(isExposed)) window[name] = async () => undefined;
  },
  inbound: () => holdInbound(),
};

function spin(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** A tenth of the time it computes; in no part of it does it answer. */
function work(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end) {
    spin(50);
    standStill(450);
  }
}

function standStill(ms) {
  const request = new XMLHttpRequest();
  request.open('GET', `/standin/wait?ms=${ms}&page=${window.STANDIN.page}`, false);
  request.send();
}

const busyBy = { spins: spin, works: work, waits: standStill };

/** Resolves once the page can be told something, or cannot be reached. */
export function openControl() {
  const socket = new WebSocket(`wss://${location.host}/ws/standin?page=${window.STANDIN.page}`);
  socket.onmessage = ({ data }) => {
    const { number, do: name, ...rest } = JSON.parse(data);
    try {
      const value = commands[name](rest);
      socket.send(JSON.stringify({ number, ...(typeof value === 'number' && { value }) }));
    } catch (error) {
      socket.send(JSON.stringify({ number, error: error.message }));
    }
  };
  return new Promise((resolve) => (socket.onopen = socket.onerror = resolve));
}

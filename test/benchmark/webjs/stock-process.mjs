/**
 * What a user of whatsapp-web.js writes: the library's Client with its defaults, in a script. `node stock-process.mjs
 * <folder for the logins> <browser> <browser flags as JSON>`; the benchmark says what to do over IPC, in the messages of
 * `stock.ts`. Plain JavaScript, since stripping types would take memory that belongs to neither side.
 */
import process from 'node:process';
import { setImmediate } from 'node:timers';
import whatsapp from 'whatsapp-web.js';

const [folder = '', browser = '', flags = '[]'] = process.argv.slice(2);
const clients = new Map();
const tell = (message) => void process.send?.(message);
let received = 0;
let telling = false;

function start(session) {
  const client = new whatsapp.Client({
    authStrategy: new whatsapp.LocalAuth({ clientId: session, dataPath: folder }),
    // The stand-in page cannot be served from the library's cache.
    webVersionCache: { type: 'none' },
    puppeteer: { executablePath: browser, args: JSON.parse(flags) },
  });
  clients.set(session, client);
  client.on('qr', (code) => tell({ say: 'qr', session, code }));
  client.on('ready', () => tell({ say: 'ready', session }));
  client.on('message', () => {
    received += 1;
    // One word for all that arrived in the same turn.
    if (telling) return;
    telling = true;
    setImmediate(() => {
      telling = false;
      tell({ say: 'received', count: received });
    });
  });
  return client.initialize();
}

async function send(session, chats) {
  const client = clients.get(session);
  if (!client) throw new Error(`there is no session ${session}`);
  await Promise.all(
    chats.map(async (chat) => {
      for (const { to, text } of chat) await client.sendMessage(to, text, { sendSeen: false });
    }),
  );
}

async function obey({ do: what, session, chats }) {
  if (what === 'start') return start(session);
  if (what === 'stop') {
    await clients.get(session)?.destroy();
    clients.delete(session);
    return tell({ say: 'stopped', session });
  }
  await send(session, chats);
  tell({ say: 'sent', session });
}

process.on('message', (order) => {
  obey(order).catch((error) => tell({ say: 'failed', reason: `${order.do}: ${String(error)}` }));
});
tell({ say: 'up' });

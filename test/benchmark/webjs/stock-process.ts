/**
 * What a user of whatsapp-web.js writes: the library's Client with its defaults, in a script. `node stock-process.ts
 * <folder for the logins> <browser> <browser flags as JSON>`; the benchmark says what to do over IPC.
 */
import whatsapp, { type Client } from 'whatsapp-web.js';

export type ToStock =
  | { readonly do: 'start'; readonly session: string }
  | { readonly do: 'stop'; readonly session: string }
  | { readonly do: 'send'; readonly session: string; readonly chats: readonly (readonly Order[])[] };
export interface Order {
  readonly to: string;
  readonly text: string;
}
export type FromStock =
  | { readonly say: 'up' }
  | { readonly say: 'qr'; readonly session: string; readonly code: string }
  | { readonly say: 'ready' | 'stopped' | 'sent'; readonly session: string }
  /** Messages that others wrote, of all sessions, since the process began. */
  | { readonly say: 'received'; readonly count: number }
  | { readonly say: 'failed'; readonly reason: string };

const [folder = '', browser = '', flags = '[]'] = process.argv.slice(2);
const clients = new Map<string, Client>();
const tell = (message: FromStock): void => void process.send?.(message);
let received = 0;

function start(session: string): Promise<void> {
  const client = new whatsapp.Client({
    authStrategy: new whatsapp.LocalAuth({ clientId: session, dataPath: folder }),
    // The stand-in page cannot be served from the library's cache.
    webVersionCache: { type: 'none' },
    puppeteer: { executablePath: browser, args: JSON.parse(flags) as string[] },
  });
  clients.set(session, client);
  client.on('qr', (code) => tell({ say: 'qr', session, code }));
  client.on('ready', () => tell({ say: 'ready', session }));
  client.on('message', () => {
    received += 1;
    // One word for all that arrived in the same turn.
    if (waitingToTell) return;
    waitingToTell = true;
    setImmediate(() => {
      waitingToTell = false;
      tell({ say: 'received', count: received });
    });
  });
  return client.initialize();
}
let waitingToTell = false;

async function send(session: string, chats: readonly (readonly Order[])[]): Promise<void> {
  const client = clients.get(session);
  if (!client) throw new Error(`there is no session ${session}`);
  await Promise.all(
    chats.map(async (chat) => {
      for (const { to, text } of chat) await client.sendMessage(to, text, { sendSeen: false });
    }),
  );
}

async function obey(order: ToStock): Promise<void> {
  const { session } = order;
  if (order.do === 'start') return start(session);
  if (order.do === 'stop') {
    await clients.get(session)?.destroy();
    clients.delete(session);
    return tell({ say: 'stopped', session });
  }
  await send(session, order.chats);
  tell({ say: 'sent', session });
}

process.on('message', (order: ToStock) => {
  obey(order).catch((error: unknown) => tell({ say: 'failed', reason: `${order.do}: ${String(error)}` }));
});
tell({ say: 'up' });

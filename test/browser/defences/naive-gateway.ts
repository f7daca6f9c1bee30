/**
 * A process with one bare client of whatsapp-web.js, set up as gateways usually do it: `node naive-gateway.ts <options as
 * JSON>`. It prints a line of JSON for every event that the client emits. A line of JSON on its input is a call of the
 * client's method, and is answered by a line. It has no handler for rejections or signals but those of its libraries.
 */
import { createInterface } from 'node:readline';
import whatsapp from 'whatsapp-web.js';
import type { GatewayCall, GatewayLine, GatewayOptions } from './stock-client.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as GatewayOptions;

/** Keeps the login elsewhere: whether it has a copy, and what became of it, is told to the test. */
class FakeStore {
  has = false;

  async sessionExists(): Promise<boolean> {
    return this.has;
  }

  async save(): Promise<void> {
    this.has = true;
  }

  async extract(): Promise<void> {
    throw new Error('no test restores from this store');
  }

  async delete(): Promise<void> {
    this.has = false;
    print({ event: 'remote_copy_deleted', args: [] });
  }
}

const store = new FakeStore();
const client = new whatsapp.Client({
  authStrategy:
    options.auth === 'remote'
      ? new whatsapp.RemoteAuth({ store, clientId: 'naive', dataPath: options.folder, backupSyncIntervalMs: 60_000 })
      : new whatsapp.LocalAuth({ dataPath: options.folder }),
  webVersionCache: { type: 'none' },
  ...(options.authTimeoutMs === undefined ? {} : { authTimeoutMs: options.authTimeoutMs }),
  puppeteer: { executablePath: options.browserPath, headless: options.shell ? 'shell' : true, args: [...options.args] },
});

function print(line: GatewayLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const emit = client.emit.bind(client);
client.emit = (event: string | symbol, ...args: unknown[]): boolean => {
  // A chat or a contact that cannot be written down is still an event.
  let plain: unknown[] = [];
  try {
    plain = JSON.parse(JSON.stringify(args)) as unknown[];
  } catch {
    // The name alone, then.
  }
  print({ event: String(event), args: plain });
  return emit(event as string, ...args);
};

async function carryOut({ method, args }: GatewayCall): Promise<unknown> {
  if (method === 'page') return client.pupPage?.evaluate(args[0] as string);
  if (method === 'download') {
    const message = await client.getMessageById(args[0] as string);
    return (await message.downloadMedia()).data.length;
  }
  if (method === 'ping') return 'pong';
  if (method === 'remoteCopy') return (store.has = true);
  const methods = client as unknown as Record<string, (...values: unknown[]) => Promise<unknown>>;
  return methods[method]?.(...args);
}

for await (const line of createInterface({ input: process.stdin })) {
  const call = JSON.parse(line) as GatewayCall;
  carryOut(call).then(
    (value) => print({ answer: call.id, ok: true, value: value ?? null }),
    (error: unknown) => print({ answer: call.id, ok: false, value: error instanceof Error ? error.message : error }),
  );
}
// Whoever started this process is gone; the library's own handler ends the browser.
process.exit(0);

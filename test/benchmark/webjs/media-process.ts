/**
 * One session whose files are measured: `node media-process.ts <ours|stock> <folder> <browser> <browser flags as JSON>`.
 * Says what happens over IPC and does what it is told: fetch the file of the message that came, send a file.
 */
import { createWriteStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import whatsapp from 'whatsapp-web.js';
import type { ChatId, SessionName, MessageId } from '../../../bridge/src/contract/ids.ts';
import { WebjsFactory } from '../../../bridge/src/engine/webjs/webjs.ts';
import { systemClock } from '../../../bridge/src/ops/clock.ts';
import { createLogger } from '../../../bridge/src/ops/logger.ts';

export type ToSide = { readonly do: 'fetch' } | { readonly do: 'send'; readonly to: string; readonly path: string };
export type FromSide =
  | { readonly say: 'qr'; readonly code: string }
  | { readonly say: 'ready' | 'came' }
  /** `peak` is the most memory that this process ever held, in bytes. */
  | { readonly say: 'done'; readonly ms: number; readonly peak: number }
  | { readonly say: 'failed'; readonly reason: string };

interface Side {
  fetch(target: string): Promise<void>;
  send(to: string, path: string): Promise<void>;
}

const MIME = 'application/pdf';
const LIMIT = 100 * 1024 * 1024;
const [name = '', folder = '', browser = '', flags = '[]'] = process.argv.slice(2);
const args = JSON.parse(flags) as string[];
const tell = (message: FromSide): void => void process.send?.(message);

async function ours(): Promise<Side> {
  let came: MessageId | undefined;
  const factory = new WebjsFactory(
    { browserPath: browser, browserArgs: args },
    systemClock,
    createLogger('silent', 'json'),
  );
  const engine = factory.create('media' as SessionName, join(folder, 'profile'), {
    signal: (signal) => {
      if (signal.kind === 'qr') tell({ say: 'qr', code: signal.code });
      else if (signal.kind === 'ready') tell({ say: 'ready' });
    },
    fact: async (fact) => {
      if (fact.type !== 'message.received' || !('media' in fact.data)) return;
      came = fact.data.messageId as MessageId;
      tell({ say: 'came' });
    },
  });
  await engine.start();
  return {
    fetch: async (target) => pipeline(await engine.downloadMedia(came as MessageId, LIMIT), createWriteStream(target)),
    send: async (to, path) => {
      const file = { path, mimeType: MIME, sizeBytes: (await stat(path)).size, fileName: 'out.pdf' };
      await engine.perform('message.sendDocument', { chatId: to as ChatId, file }, null);
    },
  };
}

async function stock(): Promise<Side> {
  const client = new whatsapp.Client({
    authStrategy: new whatsapp.LocalAuth({ dataPath: folder }),
    webVersionCache: { type: 'none' },
    puppeteer: { executablePath: browser, args },
  });
  let came: whatsapp.Message | undefined;
  client.on('qr', (code) => tell({ say: 'qr', code }));
  client.on('ready', () => tell({ say: 'ready' }));
  client.on('message', (message) => {
    came = message;
    tell({ say: 'came' });
  });
  await client.initialize();
  return {
    fetch: async (target) => {
      const media = await came?.downloadMedia();
      if (!media) throw new Error('nothing was downloaded');
      await writeFile(target, Buffer.from(media.data, 'base64'));
    },
    send: async (to, path) => {
      const media = whatsapp.MessageMedia.fromFilePath(path);
      await client.sendMessage(to, media, { sendMediaAsDocument: true, sendSeen: false });
    },
  };
}

const fail = (error: unknown): void => tell({ say: 'failed', reason: String(error) });
const side = await (name === 'ours' ? ours() : stock());
process.on('message', (order: ToSide) => {
  const startedAt = performance.now();
  const work = order.do === 'fetch' ? side.fetch(join(folder, 'in.pdf')) : side.send(order.to, order.path);
  work.then(
    () => tell({ say: 'done', ms: performance.now() - startedAt, peak: process.resourceUsage().maxRSS * 1024 }),
    fail,
  );
});
process.on('unhandledRejection', fail);

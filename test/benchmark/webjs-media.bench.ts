/**
 * A file of 48 MB into the session and one out of it, against bare whatsapp-web.js on the same stand-in page. Each side is
 * a process of its own with a browser of its own, one after the other. Ours writes what it fetches to a disk part by part
 * and reads what it sends from there; the library has each file as one text in memory, once in the browser and once in
 * Node. Memory is the most that the Node process ever held (its peak resident set).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { findBrowser } from '../../bridge/src/engine/webjs/browser/browser-finder.ts';
import { processTree, untilEnded } from '../browser/processes.ts';
import { Standin } from '../standin/server.ts';
import type { BenchmarkRow } from './benchmark.ts';
import type { FromSide, ToSide } from './webjs/media-process.ts';
import { STOCK_BROWSER } from './webjs/stock.ts';

const SCRIPT = fileURLToPath(new URL('webjs/media-process.ts', import.meta.url));
const MB = 1024 * 1024;
const SIZE = 48 * MB;
const DEADLINE_MS = 180_000;
/** From the page's connection until it has synced; below that the library misses it on a busy machine. */
const SYNC_MS = 3_000;

interface Figures {
  readonly in: { readonly ms: number; readonly peak: number };
  readonly out: { readonly ms: number; readonly peak: number };
}

const digest = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** The next message of a kind. @throws Error for a failure, or where none comes in time */
async function next<Kind extends FromSide['say']>(
  child: ChildProcess,
  kind: Kind,
): Promise<Extract<FromSide, { say: Kind }>> {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  for (;;) {
    const [said] = (await once(child, 'message', { signal })) as [FromSide];
    if (said.say === 'failed') throw new Error(said.reason);
    if (said.say === kind) return said as Extract<FromSide, { say: Kind }>;
  }
}

async function measure(side: 'ours' | 'stock', bytes: Buffer): Promise<Figures> {
  const folder = await mkdtemp(join(tmpdir(), `wabridge-bench-media-${side}-`));
  const standin = new Standin();
  standin.page.syncDelayMs = SYNC_MS;
  await standin.start();
  const { network } = standin;
  const me = network.addAccount('4915110000001', 'Me');
  const bob = network.addAccount('4915110000002', 'Bob');
  const browser = side === 'ours' ? findBrowser(process.env['WABRIDGE_BROWSER_PATH']).path : STOCK_BROWSER;
  // Chromium refuses its sandbox to root; ours adds that by itself.
  const sandbox = side === 'stock' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const child = fork(SCRIPT, [side, folder, browser, JSON.stringify([...sandbox, ...standin.browserArgs])], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    // What a browser that is killed leaves in the temporary folder goes with the rest.
    env: { ...process.env, NODE_OPTIONS: '', TMPDIR: folder },
  });
  const tell = (order: ToSide): void => void child.send(order);
  try {
    standin.scan((await next(child, 'qr')).code, me);
    await next(child, 'ready');
    network.say(bob, me, { type: 'document', media: standin.storeMedia(bytes, 'application/pdf', 'in.pdf') });
    await next(child, 'came');
    tell({ do: 'fetch' });
    const fetched = await next(child, 'done');
    if (digest(await readFile(join(folder, 'in.pdf'))) !== digest(bytes)) throw new Error('other bytes came in');
    const path = join(folder, 'out.pdf');
    await writeFile(path, bytes);
    tell({ do: 'send', to: bob.pn, path });
    const sent = await next(child, 'done');
    const directPath = await network.until('the file', () => bob.inbox.at(-1)?.media?.directPath);
    if (digest(standin.mediaBytes(directPath) as Buffer) !== digest(bytes)) throw new Error('other bytes went out');
    return { in: fetched, out: sent };
  } finally {
    const tree = await processTree(child.pid as number, folder);
    child.kill('SIGKILL');
    for (const pid of tree) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended with its parent.
      }
    }
    await untilEnded(tree);
    await standin.stop();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function run(): Promise<BenchmarkRow[]> {
  const bytes = randomBytes(SIZE);
  const stock = await measure('stock', bytes);
  const ours = await measure('ours', bytes);
  const baselineIs =
    'bare whatsapp-web.js with Chromium and its stock flags, which has a file as one text in memory, in a script that loads nothing else';
  const row = (name: string, unit: 'MB' | 'ms', figure: (of: Figures) => number): BenchmarkRow => ({
    name,
    unit,
    kind: unit === 'MB' ? 'memory' : 'time',
    ours: figure(ours),
    baseline: figure(stock),
    baselineIs,
  });
  return [
    row('peak memory of Node after 48 MB came in', 'MB', (of) => of.in.peak / MB),
    row('peak memory of Node after 48 MB went out as well', 'MB', (of) => of.out.peak / MB),
    row('48 MB in', 'ms', (of) => of.in.ms),
    row('48 MB out', 'ms', (of) => of.out.ms),
  ];
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.table(await run());

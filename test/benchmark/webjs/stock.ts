/** The baseline: bare whatsapp-web.js in a process of its own, with a whole Chromium and its stock flags. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { accessSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { processTree, untilEnded } from '../../browser/processes.ts';
import type { Standin } from '../../standin/server.ts';
import { byChat, type Contestant, type Outgoing } from './contestant.ts';

const SCRIPT = fileURLToPath(new URL('stock-process.mjs', import.meta.url));
export const STOCK_BROWSER = '/usr/bin/chromium';
const DEADLINE_MS = 120_000;
/** After so long a client that says nothing is started again, as its users do: it has missed that the page has synced. */
const SILENT_MS = 30_000;

interface Order {
  readonly to: string;
  readonly text: string;
}
type ToStock =
  | { readonly do: 'start' | 'stop'; readonly session: string }
  | { readonly do: 'send'; readonly session: string; readonly chats: readonly (readonly Order[])[] };
type FromStock =
  | { readonly say: 'up' }
  | { readonly say: 'qr'; readonly session: string; readonly code: string }
  | { readonly say: 'ready' | 'stopped' | 'sent'; readonly session: string }
  /** Messages that others wrote, of all sessions, since the process began. */
  | { readonly say: 'received'; readonly count: number }
  | { readonly say: 'failed'; readonly reason: string };

export class Stock implements Contestant {
  readonly name = 'stock';
  readonly folder: string;
  readonly #flags: readonly string[];
  #child: ChildProcess | null = null;
  #sessions: readonly string[] = [];
  #replies: FromStock[] = [];
  #wake: () => void = () => undefined;
  #received = 0;
  output = '';

  private constructor(folder: string, flags: readonly string[]) {
    this.folder = folder;
    this.#flags = flags;
  }

  static async make(standin: Standin): Promise<Stock> {
    accessSync(STOCK_BROWSER);
    // Chromium refuses its sandbox to root, for both sides.
    const sandbox = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    return new Stock(await mkdtemp(join(tmpdir(), 'wabridge-bench-stock-')), [...sandbox, ...standin.browserArgs]);
  }

  get pid(): number {
    if (this.#child?.pid === undefined) throw new Error('the process is not running');
    return this.#child.pid;
  }

  /** Starts all sessions that it had at once, as a script would. */
  async open(): Promise<void> {
    const child = fork(SCRIPT, [this.folder, STOCK_BROWSER, JSON.stringify(this.#flags)], {
      execArgv: [],
      // What a browser that is killed leaves in the temporary folder goes with the rest.
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: this.folder },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    this.#replies = [];
    this.#received = 0;
    const keep = (chunk: Buffer): void => {
      this.output = (this.output + chunk.toString()).slice(-20_000);
    };
    child.stdout?.on('data', keep);
    child.stderr?.on('data', keep);
    child.on('message', (message: FromStock) => {
      if (message.say === 'received') this.#received = message.count;
      else this.#replies.push(message);
      this.#wake();
    });
    child.once('exit', () => this.#wake());
    await this.#untilReply('the process', (said) => said.say === 'up');
    for (const session of this.#sessions) this.#tell({ do: 'start', session });
  }

  async add(session: string): Promise<string> {
    this.#sessions = [...this.#sessions, session];
    this.#tell({ do: 'start', session });
    const said = await this.#untilReply(`a QR of ${session}`, (each) => each.say === 'qr' && each.session === session);
    return said.say === 'qr' ? said.code : '';
  }

  /** Clients that never said that they were ready, and were started again. */
  silent = 0;

  async ready(session: string): Promise<void> {
    const isReady = (said: FromStock): boolean => said.say === 'ready' && said.session === session;
    for (;;) {
      const silentAt = performance.now() + SILENT_MS;
      await this.#until(
        `${session} to be ready`,
        () => this.#replies.some(isReady) || performance.now() > silentAt || undefined,
      );
      if (this.#replies.some(isReady)) return;
      this.silent += 1;
      await this.stop(session);
      await this.start(session);
    }
  }

  async stop(session: string): Promise<void> {
    this.#sessions = this.#sessions.filter((each) => each !== session);
    // It is ready again only when it says so again.
    this.#replies = this.#replies.filter((said) => !('session' in said) || said.session !== session);
    this.#tell({ do: 'stop', session });
    await this.#untilReply(`${session} to end`, (said) => said.say === 'stopped' && said.session === session);
  }

  async start(session: string): Promise<void> {
    this.#sessions = [...this.#sessions, session];
    this.#tell({ do: 'start', session });
  }

  async received(count: number): Promise<void> {
    const until = this.#received + count;
    await this.#until(`${count} messages`, () => (this.#received >= until ? true : undefined));
  }

  async send(session: string, messages: readonly Outgoing[]): Promise<void> {
    const chats = byChat(messages).map((chat) => chat.map(({ to, text }) => ({ to: to.pn, text })));
    this.#replies = this.#replies.filter(({ say }) => say !== 'sent');
    this.#tell({ do: 'send', session, chats });
    await this.#untilReply('the sends', ({ say }) => say === 'sent');
  }

  async close(): Promise<void> {
    const child = this.#child;
    this.#child = null;
    const pids = child?.pid === undefined ? [] : await processTree(child.pid, this.folder);
    if (child && child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      // The library's browsers end with Puppeteer's own handler of this signal; those of a killed process would stay.
      child.kill('SIGTERM');
      const deadline = new AbortController();
      await Promise.race([ended, wait(10_000, undefined, { signal: deadline.signal }).catch(() => undefined)]);
      deadline.abort();
      child.kill('SIGKILL');
    }
    for (const pid of pids) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended already.
      }
    }
    await untilEnded(pids);
  }

  /** Removes what the sessions left; only once closed. */
  async forget(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #tell(order: ToStock): void {
    this.#child?.send(order);
  }

  #untilReply(what: string, matches: (said: FromStock) => boolean): Promise<FromStock> {
    return this.#until(what, () => this.#replies.find(matches));
  }

  async #until<Found>(what: string, look: () => Found | undefined): Promise<Found> {
    const end = performance.now() + DEADLINE_MS;
    for (;;) {
      const failed = this.#replies.find(({ say }) => say === 'failed');
      if (failed?.say === 'failed') throw new Error(`whatsapp-web.js: ${failed.reason}\n${this.output}`);
      const found = look();
      if (found !== undefined) return found;
      if (this.#child === null || this.#child.exitCode !== null) throw new Error(`the script ended\n${this.output}`);
      if (performance.now() > end) throw new Error(`whatsapp-web.js: waited too long for ${what}\n${this.output}`);
      // Woken by the next word; several may wait, so each looks now and then by itself too.
      await Promise.race([new Promise<void>((resolve) => (this.#wake = resolve)), wait(2)]);
    }
  }
}

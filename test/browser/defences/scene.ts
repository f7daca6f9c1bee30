/** The stage of a defence: one stand-in, a session of ours on it, and a stock client with an account of its own. */
import { join } from 'node:path';
import type { EngineRecording } from '../../conformance/engine-recording.ts';
import type { Account } from '../../standin/account.ts';
import type { OpenPage } from '../../standin/pages.ts';
import type { Standin } from '../../standin/server.ts';
import { SessionAtTest } from '../session-at-test.ts';
import { findBrowser } from '../../../bridge/src/engine/webjs/browser/browser-finder.ts';
import type { Deadlines } from '../../../bridge/src/engine/webjs/deadlines.ts';
import { JsonProcess } from '../json-process.ts';
import { type GatewayOptions, StockClient } from './stock-client.ts';

/** A line of a process with a session of ours: a signal, a fact, or an answer to what it was told. */
export interface SessionLine {
  readonly kind: string;
  readonly code?: string;
  readonly reason?: string;
  readonly messageId?: string;
  readonly said?: readonly unknown[];
}

/** The nth line of a kind that a process of ours prints. */
export const said = (process: JsonProcess<SessionLine>, kind: string, nth = 1): Promise<SessionLine> =>
  process.until(`${kind} no. ${nth}`, (lines) => lines.filter((line) => line.kind === kind)[nth - 1]);

export class Scene extends SessionAtTest {
  /** The account of the stock client. */
  readonly naive: Account;
  readonly #processes: JsonProcess<unknown>[] = [];

  constructor(standin: Standin, folder: string, browserPath: string | undefined) {
    super(standin, folder, browserPath);
    this.naive = standin.network.addAccount('4915110000007', 'Naive');
    standin.network.addGroup('Naive and Bob', [this.naive, this.bob]);
  }

  get naiveFolder(): string {
    return join(this.folder, 'naive');
  }

  /** A stock client that has not begun yet. */
  stock(options: Partial<GatewayOptions> = {}): StockClient {
    const browser = findBrowser(this.browserPath);
    const client = new StockClient({
      folder: this.naiveFolder,
      browserPath: browser.path,
      shell: browser.shell,
      args: this.stockArgs,
      ...options,
    });
    this.#processes.push(client);
    return client;
  }

  /** Chromium refuses its sandbox as root, which every gateway learns first. */
  get stockArgs(): readonly string[] {
    return [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), ...this.standin.browserArgs];
  }

  /** A stock client that has been scanned and is ready. */
  async linkedStock(options: Partial<GatewayOptions> = {}): Promise<StockClient> {
    const client = this.stock(options);
    // The library listens for the sync only after it has shown the QR: a scan in between would be defence 2.
    await client.call('initialize');
    const [code] = await client.untilEvent('qr');
    this.standin.scan(code as string, this.naive);
    await client.untilEvent('ready');
    return client;
  }

  /** A session of ours in a process of its own. */
  process(deadlines: Partial<Deadlines> = {}): JsonProcess<SessionLine> {
    const script = new URL('../session-process.ts', import.meta.url);
    const settings = { browserPath: this.browserPath, browserArgs: this.standin.browserArgs };
    const args = [this.profileFolder, JSON.stringify(settings), JSON.stringify(deadlines)];
    const started = new JsonProcess<SessionLine>(script, args, this.profileFolder);
    this.#processes.push(started);
    return started;
  }

  async linkedProcess(deadlines: Partial<Deadlines> = {}): Promise<JsonProcess<SessionLine>> {
    const started = this.process(deadlines);
    this.standin.scan((await said(started, 'qr')).code as string, this.me);
    await said(started, 'ready');
    return started;
  }

  /** Bob says something to our session, which hears it. */
  async untilReceived(recording: EngineRecording, text: string): Promise<void> {
    this.standin.network.say(this.bob, this.me, text);
    await recording.untilMessage((message) => message.text === text, `the message ${text}`);
  }

  /** The page of our session, where a test makes things go wrong. */
  get page(): OpenPage {
    return this.standin.pageOf(this.me);
  }

  get naivePage(): OpenPage {
    return this.standin.pageOf(this.naive);
  }

  /** What Bob got from the stock client. */
  get fromNaive(): readonly string[] {
    return this.bob.inbox.filter(({ from }) => from === this.naive.pn).map(({ body }) => body ?? '');
  }

  override async close(): Promise<void> {
    // One that does not end must not keep the others, and their browsers, running.
    const ends = await Promise.allSettled([...this.#processes].map((each) => each.end()));
    await super.close();
    for (const end of ends) if (end.status === 'rejected') throw end.reason;
  }
}

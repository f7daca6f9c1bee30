/** A bridge in a process of its own whose sessions live on the stand-in's network, with the questions that tests ask it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BridgeProcess, freePort } from '../e2e/bridge-process.ts';
import type { Account } from '../standin/account.ts';
import { BUILDS } from '../standin/page-settings.ts';
import { Standin } from '../standin/server.ts';
import { until } from '../until.ts';

/** Each question is a signed request, and many read the whole log. */
const ASKS_EVERY_MS = 200;

export interface LoggedEvent {
  readonly seq: number;
  readonly type: string;
  readonly session: string;
  /** ISO 8601. */
  readonly occurredAt: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export class BridgeAtTest {
  readonly standin: Standin;
  readonly bridge: BridgeProcess;
  /** The account of each session, by the session's name. */
  readonly accounts = new Map<string, Account>();
  /** The log as far as it was read, and where it goes on. */
  readonly #log: LoggedEvent[] = [];
  #after = 'earliest';
  #reading: Promise<unknown> = Promise.resolve();
  /** A reading that has not begun. */
  #asked: Promise<readonly LoggedEvent[]> | null = null;

  constructor(standin: Standin, bridge: BridgeProcess) {
    this.standin = standin;
    this.bridge = bridge;
  }

  static async open(env: Readonly<Record<string, string>> = {}): Promise<BridgeAtTest> {
    const standin = new Standin();
    // The build that WhatsApp serves now.
    Object.assign(standin.page, { build: '$1', version: BUILDS.$1 });
    await standin.start();
    const bridge = new BridgeProcess(await mkdtemp(join(tmpdir(), 'wabridge-browser-')), await freePort(), {
      WABRIDGE_ENGINES: 'webjs',
      WABRIDGE_BROWSER_FLAGS: standin.browserArgs.join('\n'),
      ...env,
    });
    return new BridgeAtTest(standin, bridge);
  }

  async close(): Promise<void> {
    await this.bridge.stop();
    await this.standin.stop();
    await rm(this.bridge.dataDir, { recursive: true, force: true, maxRetries: 5 });
  }

  /** The folder of a session's login, in which its browser runs. */
  profileOf(session: string): string {
    return join(this.bridge.dataDir, 'profiles', session);
  }

  /** Asks until the answer will do; the bridge may be away meanwhile, or say that it is not so yet. */
  until<Found>(what: string, ask: () => Promise<Found | undefined | false>): Promise<Found> {
    let failure = 'the bridge answered';
    const asked = (): Promise<Found | undefined | false> =>
      ask().then(
        (answer) => {
          failure = 'the bridge answered';
          return answer;
        },
        (error: unknown) => {
          failure = `the last question failed: ${String(error)}`;
          return undefined;
        },
      );
    return until(what, asked, {
      everyMs: ASKS_EVERY_MS,
      details: () => `${failure}\n${this.bridge.output}`,
    });
  }

  /** Adds sessions side by side, each with an account of its own, and scans their codes. Resolves once all are ready. */
  async link(names: readonly string[]): Promise<void> {
    await Promise.all(
      names.map((name, index) =>
        this.scan(name, this.standin.network.addAccount(`4915110000${String(101 + index)}`, name)),
      ),
    );
    await this.untilReady();
  }

  /** Adds a session and scans its code with the phone of an account; `untilReady` tells when it is linked. */
  async scan(name: string, account: Account): Promise<void> {
    this.accounts.set(name, account);
    await this.bridge.client.request('POST', '/v1/sessions', { body: { name, engine: 'webjs' } });
    const { code } = await this.until(`a QR of ${name}`, () =>
      this.bridge.client.request<{ code: string }>('GET', `/v1/sessions/${name}/qr`),
    );
    this.standin.scan(code, account);
  }

  /** Resolves once every linked session is ready. */
  async untilReady(): Promise<void> {
    if (this.accounts.size === 0) throw new Error('no session was linked, so that none can become ready');
    await this.until('all sessions to be ready', async () => {
      const { sessions } = await this.bridge.client.request<{ sessions: { name: string; state: string }[] }>(
        'GET',
        '/v1/sessions',
      );
      return [...this.accounts.keys()].every((name) =>
        sessions.some((session) => session.name === name && session.state === 'ready'),
      );
    });
  }

  /** The whole log, oldest first. What was read before is not asked for again, and those who ask at once ask together. */
  events(): Promise<readonly LoggedEvent[]> {
    this.#asked ??= this.#reading.then(() => {
      this.#asked = null;
      const read = this.#readOn();
      this.#reading = read.catch(() => undefined);
      return read;
    });
    return this.#asked;
  }

  async #readOn(): Promise<readonly LoggedEvent[]> {
    for (;;) {
      const page = await this.bridge.client.request<{ events: LoggedEvent[]; cursor: string; more: boolean }>(
        'GET',
        '/v1/events',
        { query: { limit: '500', after: this.#after } },
      );
      this.#log.push(...page.events);
      this.#after = page.cursor;
      if (!page.more) return [...this.#log];
    }
  }

  untilEvent(what: string, matches: (event: LoggedEvent) => boolean): Promise<LoggedEvent> {
    return this.until(what, async () => (await this.events()).find(matches));
  }
}

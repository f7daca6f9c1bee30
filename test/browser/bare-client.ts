/** The unmodified Client of whatsapp-web.js in a real Chromium, led to the stand-in, with everything that it emits. */
import { accessSync } from 'node:fs';
import whatsapp, { type Client, type ClientOptions } from 'whatsapp-web.js';
import type { Standin } from '../standin/server.ts';
import { until } from '../standin/until.ts';

const BROWSER = process.env['WABRIDGE_BROWSER_PATH'] ?? '/usr/bin/chromium';

export interface Emitted {
  readonly event: string;
  // What the library emits is compared as it is.
  readonly values: readonly any[]; // eslint-disable-line @typescript-eslint/no-explicit-any
}

export class BareClient {
  readonly client: Client;
  readonly emitted: Emitted[] = [];
  readonly #standin: Standin;

  /** @param folder where the login is kept; the library's LocalAuth works in it */
  constructor(standin: Standin, folder: string, options: ClientOptions = {}) {
    accessSync(BROWSER);
    this.#standin = standin;
    const login = new whatsapp.LocalAuth({ dataPath: folder });
    // Puppeteer stops listening to the pipes of a browser before they end; an error after that would end the test run.
    login.afterBrowserInitialized = async () => {
      for (const pipe of this.client.pupBrowser?.process()?.stdio ?? []) pipe?.on('error', () => undefined);
    };
    this.client = new whatsapp.Client({
      authStrategy: login,
      ...options,
      webVersionCache: { type: 'none' },
      puppeteer: {
        executablePath: BROWSER,
        headless: BROWSER.includes('headless-shell') ? 'shell' : true,
        pipe: true,
        handleSIGINT: false,
        handleSIGTERM: false,
        handleSIGHUP: false,
        args: [
          ...['--no-first-run', '--disable-gpu', '--disable-quic', '--disable-background-networking'],
          ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
          ...standin.browserArgs,
        ],
      },
    });
    const emit = this.client.emit.bind(this.client);
    this.client.emit = (event: string, ...values: unknown[]) => {
      this.emitted.push({ event, values });
      return emit(event, ...values);
    };
  }

  async start(): Promise<void> {
    await this.client.initialize();
  }

  /** Waits for the first emission of an event whose values will do, from the `skip`th emission of anything on. */
  async untilEvent(
    event: string,
    matches: (...values: Emitted['values']) => boolean = () => true,
    skip = 0,
  ): Promise<Emitted['values']> {
    return this.until(event, () => {
      const found = this.emitted.slice(skip).find((each) => each.event === event && matches(...each.values));
      return found?.values;
    });
  }

  /**
   * Waits until `ready` was emitted so many times. The library misses a sync that ends before it listens, which happens
   * on a busy machine: then it is told, now and then.
   */
  async ready(times = 1): Promise<void> {
    const tell = `window.require?.('WAWebSocketModel').Socket.hasSynced && window.onAppStateHasSyncedEvent?.()`;
    const nudge = setInterval(() => void this.client.pupPage?.evaluate(tell).catch(() => undefined), 4_000);
    try {
      await this.until(`ready, ${times} times`, () => this.count('ready') >= times);
    } finally {
      clearInterval(nudge);
    }
  }

  until<Found>(what: string, look: () => Found | undefined | false): Promise<Found> {
    return until(this.#standin.network.events, what, look, 40_000).catch((error: Error) => {
      throw new Error(`${error.message}; so far: ${this.emitted.map(({ event }) => event).join(' ')}`);
    });
  }

  count(event: string): number {
    return this.emitted.filter((each) => each.event === event).length;
  }

  async stop(): Promise<void> {
    await this.client.destroy();
  }
}

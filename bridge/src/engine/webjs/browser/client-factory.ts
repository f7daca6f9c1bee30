/** Makes the library's client for one session, with the options that this engine relies on. */
import type { Browser as PuppeteerBrowser, Page } from 'puppeteer';
import whatsapp from 'whatsapp-web.js';
import type { Proxy } from '../../../contract/proxy.ts';
import type { Browser } from './browser-finder.ts';
import { sandboxWarning } from './browser-finder.ts';
import { browserFlags } from './browser-flags.ts';
import type { Deadlines } from '../deadlines.ts';
import { GuardedClient } from './guarded-client.ts';
import { browserEnvironment } from './browser-environment.ts';
import { launchFailure } from './launch-failure.ts';
import { allowExposingAgain } from './exposed-functions.ts';
import { SHIM_SCRIPT } from '../page/page-shims.ts';
import { logInToProxy } from './proxy-login.ts';

export interface ClientOptions {
  readonly browser: Browser;
  /** The session's folder; the browser's profile is `session` in it. */
  readonly folder: string;
  readonly extraArgs: readonly string[];
  readonly proxy: Proxy | null;
  readonly deadlines: Deadlines;
  /** Called as soon as a browser process exists, before anything is loaded. */
  readonly onBrowser: (browser: PuppeteerBrowser, page: Page) => void;
  /** Aborted: the browser is killed, however far it has come. */
  readonly launch: AbortSignal;
}

export function createClient({
  browser,
  folder,
  extraArgs,
  proxy,
  deadlines,
  onBrowser,
  launch,
}: ClientOptions): GuardedClient {
  const auth = new whatsapp.LocalAuth({ dataPath: folder });
  const args = browserFlags(browser, { sandbox: sandboxWarning() === null, proxy, more: extraArgs });
  const client = new GuardedClient({
    authStrategy: auth,
    webVersionCache: { type: 'none' },
    authTimeoutMs: deadlines.document,
    puppeteer: {
      executablePath: browser.path,
      headless: browser.shell ? 'shell' : true,
      // Over a pipe the browser ends with this process, however that ends.
      pipe: true,
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      protocolTimeout: Math.max(deadlines.media, deadlines.send),
      timeout: deadlines.start,
      signal: launch,
      env: browserEnvironment(),
      args,
    },
  });
  const prepare = async (pupBrowser: PuppeteerBrowser): Promise<void> => {
    allowExposingAgain(client.pageOrThrow);
    // Before the library loads anything. Its own option for it takes a single function.
    await client.pageOrThrow.evaluateOnNewDocument(SHIM_SCRIPT);
    if (proxy?.credentials) await logInToProxy(pupBrowser, proxy.credentials);
  };
  let prepared: Promise<void> | null = null;
  // Comes again, with the same browser, when the account is unlinked.
  auth.afterBrowserInitialized = async () => {
    const { pupBrowser } = client;
    if (!pupBrowser) return;
    onBrowser(pupBrowser, client.pageOrThrow);
    await (prepared ??= prepare(pupBrowser));
  };
  const initialize = client.initialize.bind(client);
  client.initialize = async () => {
    try {
      await initialize();
    } catch (error) {
      const words =
        client.pupBrowser || launch.aborted ? null : await launchFailure(browser.path, [...args, '--headless']);
      throw words === null ? error : new Error(words, { cause: error });
    }
  };
  // The library would delete the profile under the running browser; the engine does it once the browser has ended.
  auth.logout = async () => undefined;
  return client;
}

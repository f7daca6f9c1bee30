/**
 * The library's client with three of its own methods made safe. They are not part of its public types; the browser
 * tests fail if a release renames them.
 *
 * - It injects itself again at every navigation of any frame, without waiting for itself: twice into one document means
 *   every event twice, so each document is injected and attached once.
 * - Its listener for navigations drops the promise, so a failure there would end the process: it is handed to us. Before
 *   its first injection is over it does not listen, so a navigation during that one begins it again.
 * - Without a version cache it still reads every page it loads, and that fails unhandled when the browser ends.
 */
import type { Page } from 'puppeteer';
import whatsapp from 'whatsapp-web.js';
import type { PageWindow } from '../page/page-window.ts';

declare const window: PageWindow;

interface Internals {
  inject(this: whatsapp.Client): Promise<void>;
  attachEventListeners(this: whatsapp.Client): Promise<void>;
}
/** What the library calls "auth timeout": nothing was asked to authenticate yet. */
const NOT_WHATSAPP =
  'the page did not turn out to be WhatsApp Web in time; something between the bridge and WhatsApp may be answering instead';
/** Puppeteer does not let a single call into the page take longer than this. */
const isProtocolTimeout = (error: unknown): boolean =>
  error instanceof Error && /timed out\. Increase the 'protocolTimeout'/.test(error.message);
const library = whatsapp.Client.prototype as unknown as Internals;

export class GuardedClient extends whatsapp.Client {
  /** Called when the library fails to take hold of a document after a navigation. */
  onInjectFailed: (error: unknown) => void = () => undefined;
  /** Called once the library has taken hold of a document: it learns of the end of a sync from then on. */
  onInjected: (document: string) => void = () => undefined;
  /** Loads a page of which parts may be missing, because nothing could be reached, once that is possible; false for any other. */
  loadAgain: () => Promise<boolean> = async () => false;
  readonly #injected = new Map<string, Promise<void>>();
  readonly #attached = new Map<string, Promise<void>>();
  #first = true;

  async inject(): Promise<void> {
    if (this.#first) {
      this.#first = false;
      return this.#injectFirst();
    }
    // Nothing was reached, and this is the browser's own page.
    if (this.pageOrThrow.url().startsWith('chrome-error:')) return;
    await this.#injectOnce().catch((error: unknown) => this.onInjectFailed(error));
  }

  async attachEventListeners(): Promise<void> {
    await this.#once(this.#attached, async () => {
      await this.pageOrThrow.evaluate(() => {
        window.wabridge.apply();
        window.wabridge.guardModels();
      });
      await library.attachEventListeners.call(this);
    });
    // Each end of a sync loads the library's own functions into the page again, which undoes their guard.
    await this.pageOrThrow.evaluate(() => window.wabridge.guardModels());
  }

  /** Attaches the library's listeners once more to a document whose listeners are of no use. */
  async reattach(): Promise<void> {
    await library.attachEventListeners.call(this);
  }

  async initWebVersionCache(): Promise<void> {
    // The page is always taken as WhatsApp serves it.
  }

  get pageOrThrow(): Page {
    if (!this.pupPage) throw new Error('the browser has no page yet');
    return this.pupPage;
  }

  /** A page may reload itself while the library takes hold of it, as WhatsApp Web does when it has updated itself. */
  async #injectFirst(): Promise<void> {
    for (;;) {
      const document = await this.#document();
      const failed = await this.#injectOnce().then(
        () => null,
        (error: unknown) => ({ error }),
      );
      const shown = await this.#document().catch(() => document);
      if (shown === document) {
        if (!failed) return;
        // It waits for the page to get a line, for as long as that takes; the start has a deadline of its own.
        if (isProtocolTimeout(failed.error)) continue;
        if (await this.loadAgain()) continue;
        throw failed.error;
      }
      // Where the old document was only being waited for, the library has taken hold of the new one.
      if (!failed && (await this.#isHeld())) {
        this.#injected.clear();
        this.#injected.set(shown, Promise.resolve());
        this.onInjected(shown);
        return;
      }
    }
  }

  #injectOnce(): Promise<void> {
    return this.#once(this.#injected, async (document) => {
      await library.inject.call(this).catch((error: unknown) => {
        throw error === 'auth timeout' ? new Error(NOT_WHATSAPP, { cause: error }) : error;
      });
      this.onInjected(document);
    });
  }

  /** The library's first injection leaves this in a document. */
  async #isHeld(): Promise<boolean> {
    return this.pageOrThrow.evaluate(() => 'AuthStore' in window).catch(() => false);
  }

  /** What the page shows, by the name that our shims give each load of it. */
  #document(): Promise<string> {
    return this.pageOrThrow.evaluate(() => window.wabridge.document);
  }

  async #once(done: Map<string, Promise<void>>, work: (document: string) => Promise<void>): Promise<void> {
    const document = await this.#document();
    const running = done.get(document);
    if (running) return running;
    const started = work(document);
    // A document that is gone does not come back.
    done.clear();
    done.set(document, started);
    started.catch(() => {
      if (done.get(document) === started) done.delete(document);
    });
    return started;
  }
}

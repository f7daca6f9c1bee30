/**
 * One run of a browser, from its start to its end. The library says neither when a browser dies nor reliably when it
 * is ready: the browser's and the page's own events are watched here, the page's state by `page-watch.ts`. Whether a page
 * that does not answer is dead is judged apart from that, by `liveness.ts` and `health.ts`.
 */
import type { ChildProcess } from 'node:child_process';
import type { EventEmitter } from 'node:events';
import type { Browser, Page } from 'puppeteer';
import type { Clock } from '../../../ops/clock.ts';
import { DeadlineError, within } from '../../../ops/deadline.ts';
import type { Log } from '../../../ops/logger.ts';
import { type Deadlines, TransportError } from '../deadlines.ts';
import { closeBrowser, killBrowser } from './browser-end.ts';
import { answerDialog, failedLoad } from './page-troubles.ts';
import { Reachability } from './reachability.ts';
import { FrameBalance } from './frame-balance.ts';
import type { GuardedClient } from './guarded-client.ts';
import { Liveness, type LivenessView } from './liveness.ts';
import { callsOf, type LongPageCalls } from '../page/page-calls.ts';
import { describe } from '../page/page-reason.ts';
import { reconnectNow } from '../page/page-probes.ts';
import { PageWatch, type WatchListener } from '../page/page-watch.ts';
import { refusalOf } from '../page/refusal.ts';
import type { RunEnd, RunListener } from './run-listener.ts';
import { attributeRejections } from './rejections.ts';
import { type BrowserProbe, browserProbeOf } from './browser-probe.ts';

/** What is known before there is a browser. */
const NOT_STARTED: LivenessView = { browser: 'unknown', version: null, page: 'answers', silentMs: 0 };
const WHATSAPP_WEB = 'https://web.whatsapp.com/';
/** Where the page goes once WhatsApp has unlinked it and its login is wiped. */
const AFTER_LOGOUT = 'post_logout=1';
/** The page itself came, so that something between here and WhatsApp treats its WebSocket otherwise. */
const NO_LINE =
  'the page is loaded but cannot connect to WhatsApp; something between the bridge and WhatsApp may be blocking WebSockets';
const UNLINKED = 'the account was unlinked from this device';

type MakeClient = (onBrowser: (browser: Browser, page: Page) => void, launch: AbortSignal) => GuardedClient;

export class BrowserRun {
  readonly #client: GuardedClient;
  readonly #listener: RunListener;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #stopWatching = new AbortController();
  readonly #watch: PageWatch;
  /** Kills a browser that was launched and is not known yet. */
  readonly #launch = new AbortController();
  #initialized: Promise<void> = Promise.resolve();
  #process: ChildProcess | null = null;
  #browser: Browser | null = null;
  #calls: LongPageCalls | null = null;
  #over = false;
  #closing: Promise<void> | null = null;
  #probe: BrowserProbe | null = null;
  #liveness: Liveness | null = null;
  #reachability: Reachability | null = null;
  /** The renderer is being ended on purpose. */
  #replacing = false;
  #lastReceivedAt: number | null = null;
  #lastProgressAt: number | null = null;
  readonly #frames = new FrameBalance();

  constructor(makeClient: MakeClient, listener: RunListener, deadlines: Deadlines, clock: Clock, log: Log) {
    this.#listener = listener;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#log = log;
    const watched: WatchListener = {
      ready: (document) => {
        this.#lastReceivedAt = clock.elapsed();
        listener.ready(document);
      },
      interrupted: (reason) => listener.interrupted(reason),
      authenticated: () => listener.authenticated(),
      unauthenticated: () => listener.unauthenticated(),
      progress: (reason) => {
        this.#lastProgressAt = clock.elapsed();
        listener.progress(reason);
      },
      idle: () => listener.idle(),
      refused: (reason) => this.#end('refused', reason),
    };
    this.#watch = new PageWatch(() => this.#calls, watched, deadlines, clock, this.#stopWatching.signal);
    this.#client = makeClient((browser, page) => this.#onBrowser(browser, page), this.#launch.signal);
  }

  /** Begins; progress is reported to the listener. */
  begin(): void {
    attributeRejections(
      (reason) => this.#log.warn({ reason: describe(reason) }, 'a background task of the browser session failed'),
      () => {
        this.#listen();
        this.#initialized = this.#client.initialize();
        this.#untilStarted().catch((error) => this.#end('crashed', `WhatsApp Web did not start: ${describe(error)}`));
        void this.#watch.run();
      },
    );
  }

  /** The time of a start counts from when WhatsApp Web could be reached. */
  async #untilStarted(): Promise<void> {
    const { start } = this.#deadlines;
    for (let left = start; ;) {
      try {
        return await within(this.#initialized, left, 'starting WhatsApp Web');
      } catch (error) {
        if (!(error instanceof DeadlineError)) throw error;
        const lastAwayAt = this.#reachability?.lastAwayAt ?? null;
        left = lastAwayAt === null ? 0 : Math.min(start, lastAwayAt + start - this.#clock.elapsed());
        if (left <= 0) throw this.#watch.lacksLine ? new Error(NO_LINE, { cause: error }) : error;
      }
    }
  }

  /** The browser's process, which leads a group of its own; null before it runs. */
  get pid(): number | null {
    return this.#process?.pid ?? null;
  }

  get isReady(): boolean {
    return this.#watch.isReady;
  }

  /** Calls into the page. @throws TransportError when there is none */
  get page(): LongPageCalls {
    if (!this.#calls || this.#over) throw new TransportError('the browser is not running');
    return this.#calls;
  }

  /** WhatsApp Web cannot be reached for now, which is not the fault of this browser. */
  get isAway(): boolean {
    return this.#reachability?.isAway ?? false;
  }

  get liveness(): LivenessView {
    return this.#liveness?.view ?? NOT_STARTED;
  }

  /** When something came from WhatsApp for the last time, in milliseconds; null while nothing has. */
  get lastReceivedAt(): number | null {
    return this.#lastReceivedAt;
  }

  /** When a sync of the page got on for the last time, in milliseconds; null while none has. */
  get lastProgressAt(): number | null {
    return this.#lastProgressAt;
  }

  /** The page has stopped to work off what WhatsApp's server sends, as far as its frames show. */
  get leavesUnanswered(): boolean {
    return this.#frames.leavesUnanswered(this.#deadlines.unanswered, this.#clock.elapsed());
  }

  /**
   * Attaches the library's listeners to this document once more; if they were there after all, each event arrives
   * twice.
   */
  async reattach(): Promise<void> {
    await within(this.#client.reattach(), this.#deadlines.call, 'attaching the listeners');
  }

  async reload(): Promise<void> {
    await within(this.#client.pageOrThrow.reload({ timeout: 0 }), this.#deadlines.start, 'the reload');
    this.#liveness?.reset();
  }

  /**
   * Loads WhatsApp Web in a new renderer process. The tab stays: the library is bound to it, and what makes a page fresh
   * is its process.
   */
  async freshPage(): Promise<void> {
    const page = this.#client.pageOrThrow;
    this.#replacing = true;
    try {
      const ended = new Promise<void>((resolve) => page.once('error', () => resolve()));
      this.#probe?.endRenderer();
      await within(ended, this.#deadlines.close, 'the end of the renderer');
      this.#watch.interrupt(null);
      await within(page.goto(WHATSAPP_WEB, { timeout: 0 }), this.#deadlines.start, 'the new page');
      this.#liveness?.reset();
    } finally {
      this.#replacing = false;
    }
  }

  /** Ends this browser: it is of no use any more. */
  giveUp(reason: string, retryAfterMs?: number): void {
    this.#end('crashed', reason, retryAfterMs);
  }

  /** Ends the browser and all its processes: politely within a deadline, then by its process id. Never rejects. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#over = true;
    this.#stopWatching.abort();
    this.#client.removeAllListeners();
    if (this.#browser === null) {
      // The library tells of a browser only once its page is set up; until then only Puppeteer knows the process.
      this.#launch.abort();
      await within(this.#initialized, this.#deadlines.close, 'the start').catch(() => undefined);
    }
    if (this.#browser) await closeBrowser(this.#browser, this.#deadlines.close, this.#log);
    await this.#kill();
  }

  async #kill(): Promise<void> {
    if (this.#process) await killBrowser(this.#process, this.#deadlines.close, this.#log);
  }

  #onBrowser(browser: Browser, page: Page): void {
    if (this.#browser === browser) return;
    this.#browser = browser;
    this.#process = browser.process();
    this.#calls = callsOf(page);
    // A browser that ends resets its pipes; Puppeteer has let go of them by then, and the error would end the bridge.
    for (const stream of this.#process?.stdio ?? []) stream?.on('error', () => undefined);
    if (this.#over) return void this.#kill();
    this.#probe = browserProbeOf(browser, page);
    this.#liveness = new Liveness(
      this.#probe,
      this.#deadlines,
      this.#clock,
      (reason) => this.#end('crashed', reason),
      this.#log,
    );
    void this.#liveness.run(this.#stopWatching.signal);
    this.#reachability = this.#watchReachability(page, this.#probe);
    this.#countFrames(this.#probe);
    browser.on('disconnected', () => this.#end('crashed', 'the browser ended'));
    page.on('error', (error) => {
      if (!this.#replacing) this.#end('crashed', `the page crashed: ${describe(error)}`);
    });
    page.on('framenavigated', (frame) => {
      if (frame !== page.mainFrame()) return;
      // The library says it too, but not while it takes hold of the page for the first time.
      if (frame.url().includes(AFTER_LOGOUT)) return this.#end('logged_out', UNLINKED);
      void this.#watch.navigated();
    });
    page.on('close', () => this.#end('crashed', 'the page was closed'));
    page.on('response', (response) => {
      const failure = failedLoad(response, page);
      if (failure !== null) this.#end('crashed', failure);
    });
    page.on('dialog', (dialog) => answerDialog(dialog, this.#log));
  }

  #countFrames(probe: BrowserProbe): void {
    const frames = this.#frames;
    const counted = probe.frames({
      begun: () => frames.begin(),
      received: (bytes) => frames.received(bytes, this.#clock.elapsed()),
      sent: () => frames.sent(this.#clock.elapsed()),
      loaded: () => this.#reachability?.loaded(),
    });
    counted.catch((error: unknown) =>
      this.#log.warn({ reason: describe(error) }, 'the frames of the page cannot be observed'),
    );
  }

  #watchReachability(page: Page, probe: BrowserProbe): Reachability {
    const reachability = new Reachability({
      page,
      url: WHATSAPP_WEB,
      every: this.#deadlines.reachEvery,
      ask: () => probe.reach(WHATSAPP_WEB, this.#deadlines.reachAnswer),
      answers: () => this.liveness.page === 'answers',
      isCutOff: () => this.#watch.isCutOff,
      away: (error, forMs) => this.#tell(() => this.#listener.unreachable(error, forMs)),
      back: () => void this.#calls?.call(reconnectNow, this.#deadlines.call).catch(() => undefined),
      clock: this.#clock,
      until: this.#stopWatching.signal,
    });
    reachability.watch();
    void reachability.run();
    return reachability;
  }

  #listen(): void {
    const client = this.#client;
    const loadAgain = async (): Promise<boolean> => (await this.#reachability?.loadAgain()) ?? false;
    client.loadAgain = loadAgain;
    client.onInjectFailed = (error) => {
      this.#log.warn({ reason: describe(error) }, 'the page was reloaded, and the bridge could not attach to it');
      loadAgain().catch(() => undefined);
    };
    client.onInjected = (document) => this.#watch.awaits(document);
    client.on('qr', (code) => this.#tell(() => this.#listener.qr(code)));
    client.on('authenticated', () => this.#tell(() => this.#listener.authenticated()));
    client.on('ready', () => void this.#watch.attached());
    client.on('change_state', (state) => this.#watch.changed(String(state)));
    client.on('auth_failure', (reason) => this.#end('crashed', `the login state was not accepted: ${reason}`));
    client.on('disconnected', (reason) => this.#disconnected(String(reason)));
    client.on('message_create', (message) => {
      // What this account writes here shows in the page before anything has gone over the line.
      if (!message.fromMe) this.#noteReceived();
      this.#tell(() => this.#listener.message(message));
    });
    client.on('message_ciphertext', (message) => this.#tell(() => this.#listener.undecrypted(message)));
    client.on('message_ack', (message, level) => {
      this.#noteReceived();
      this.#tell(() => this.#listener.acknowledged(message, level));
    });
    for (const event of this.#listener.events)
      (client as EventEmitter).on(event, (told: unknown) => {
        this.#noteReceived();
        this.#tell(() => this.#listener.happened(event, told));
      });
    client.on('media_uploaded', (message) => this.#tell(() => this.#listener.uploaded(message.id.id)));
  }

  #disconnected(reason: string): void {
    const refusal = refusalOf(reason);
    if (refusal !== null) this.#end('refused', refusal);
    else if (reason === 'LOGOUT' || reason.startsWith('UNPAIRED')) this.#end('logged_out', UNLINKED);
    else this.#end('crashed', `WhatsApp ended the connection: ${reason}`);
  }

  #noteReceived(): void {
    this.#lastReceivedAt = this.#clock.elapsed();
    this.#frames.announced(this.#lastReceivedAt);
  }

  #tell(report: () => void): void {
    if (!this.#over) report();
  }

  #end(how: RunEnd, reason: string, retryAfterMs?: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#stopWatching.abort();
    this.#listener.ended(how, reason, retryAfterMs);
  }
}

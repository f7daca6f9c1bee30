/**
 * Whether the page is usable: connected, synced and listened to. The library says so neither reliably nor only once, so
 * the page's own state decides: it is looked at regularly, and whenever something happens to the page.
 */
import type { Clock } from '../../../ops/clock.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from './page-calls.ts';
import { announceSynced, type PageState, readState } from './page-functions.ts';
import { refusalOf } from './refusal.ts';

export interface WatchListener {
  /** The page is usable. Again after each interruption. */
  ready(): void;
  interrupted(reason: string): void;
  /** The page has shown all its QR codes. Comes again until it shows another. */
  idle(): void;
  /** WhatsApp serves this account or this browser no longer. */
  refused(reason: string): void;
}

export class PageWatch {
  readonly #calls: () => PageCalls | null;
  readonly #listener: WatchListener;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #until: AbortSignal;
  #ready = false;
  #looking = false;
  /** The document in which the library has attached its listeners. */
  #attachedTo: string | null = null;
  /** Since when the page is synced without the library having said so, per document. */
  #unannounced: { document: string; since: number } | null = null;

  /**
   * @param calls null while there is no page
   * @param until nothing is told from this signal on
   */
  constructor(
    calls: () => PageCalls | null,
    listener: WatchListener,
    deadlines: Deadlines,
    clock: Clock,
    until: AbortSignal,
  ) {
    this.#calls = calls;
    this.#listener = listener;
    this.#deadlines = deadlines;
    this.#clock = clock;
    this.#until = until;
  }

  get isReady(): boolean {
    return this.#ready && !this.#until.aborted;
  }

  /** Looks at the page regularly until the signal comes. */
  async keep(): Promise<void> {
    while (!this.#until.aborted) {
      const pause = this.#ready ? this.#deadlines.watchReady : this.#deadlines.watchStarting;
      await this.#clock.sleep(pause, this.#until).catch(() => undefined);
      await this.#look();
    }
  }

  /** The library says `ready` once per sync, also for one that is being undone. */
  async attached(): Promise<void> {
    const state = await this.#read();
    if (!state?.injected) return;
    this.#attachedTo = state.document;
    this.#judge(state);
  }

  /** In a new document what was attached is gone, which no event of the library tells; a new address alone changes nothing. */
  async navigated(): Promise<void> {
    const attachedTo = this.#attachedTo;
    const state = await this.#read();
    if (state === null || state.document !== attachedTo) this.interrupt(null);
  }

  /** @param state as the library tells it */
  changed(state: string): void {
    const refusal = refusalOf(state);
    if (refusal !== null) return this.#listener.refused(refusal);
    if (state !== 'CONNECTED') this.interrupt(state);
    void this.#look();
  }

  /** @param state null where the page is being loaded anew */
  interrupt(state: string | null): void {
    if (!this.isReady) return;
    this.#ready = false;
    this.#listener.interrupted(`WhatsApp Web is ${state === null ? 'reloading' : state.toLowerCase()}`);
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      const state = await this.#read();
      if (state) this.#judge(state);
    } finally {
      this.#looking = false;
    }
  }

  async #read(): Promise<PageState | null> {
    const calls = this.#calls();
    if (this.#until.aborted || !calls) return null;
    try {
      const state = await calls.call(readState, this.#deadlines.call);
      return this.#until.aborted ? null : state;
    } catch {
      return null;
    }
  }

  #judge(state: PageState): void {
    const refusal = refusalOf(state.state ?? '');
    if (refusal !== null) return this.#listener.refused(refusal);
    const usable = state.state === 'CONNECTED' && state.hasSynced;
    if (state.state === 'UNPAIRED_IDLE') this.#listener.idle();
    if (usable && state.document === this.#attachedTo) this.#becomeReady();
    else if (usable) this.#remind(state.document);
    else this.interrupt(state.state === 'CONNECTED' ? 'synchronising' : state.state);
    if (!usable) this.#unannounced = null;
  }

  #becomeReady(): void {
    this.#unannounced = null;
    if (this.#ready) return;
    this.#ready = true;
    this.#listener.ready();
  }

  /** The sync can be over before the library listens for it; then it has to be told. */
  #remind(document: string): void {
    const now = this.#clock.now();
    if (this.#unannounced?.document !== document) {
      this.#unannounced = { document, since: now };
    } else if (now - this.#unannounced.since >= this.#deadlines.readyAfterSync) {
      this.#unannounced = { document, since: now };
      this.#calls()
        ?.call(announceSynced, this.#deadlines.call)
        .catch(() => undefined);
    }
  }
}

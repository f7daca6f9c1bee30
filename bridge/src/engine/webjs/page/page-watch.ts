/**
 * Whether the page is usable: connected, synced and listened to. The library says so neither reliably nor only once, so
 * the page's own state decides: it is looked at regularly, and whenever something happens to the page.
 */
import type { Clock } from '../../../ops/clock.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from './page-calls.ts';
import { announceSynced, type PageState, readState, type SyncFigures } from './page-functions.ts';
import { refusalOf } from './refusal.ts';

/** Between two looks that have to agree: what the page said of its sync may be on its way. */
const CONFIRM_MS = 100;

export interface WatchListener {
  /** The page is usable. Again after each interruption. @param document names this load of the page */
  ready(document: string): void;
  interrupted(reason: string): void;
  /** The page has an account, whose data it loads. May come again. */
  authenticated(): void;
  /** The page shows codes again: the one that was taken did not link it. */
  unauthenticated(): void;
  /** The page is not usable yet and gets on. @param reason how far it is, for a person */
  progress(reason: string): void;
  /** The page has shown all its QR codes. Comes again until it shows another. */
  idle(): void;
  /** WhatsApp serves this account or this browser no longer. */
  refused(reason: string): void;
}

const NOTHING_SYNCED: SyncFigures = { offline: null, history: null, chats: null };

export class PageWatch {
  readonly #calls: () => PageCalls | null;
  readonly #listener: WatchListener;
  readonly #deadlines: Deadlines;
  readonly #clock: Clock;
  readonly #until: AbortSignal;
  readonly #sync = new SyncProgress();
  #ready = false;
  /** What the page last said of an account; null if it said nothing yet. */
  #linked: boolean | null = null;
  /** What the page said of its line when it was looked at last. */
  #state: string | null = null;
  #looking = false;
  /** The document in which the library has attached its listeners. */
  #attachedTo: string | null = null;
  /** The document in which the library waits for the end of the sync. */
  #awaitedIn: string | null = null;
  /** Since when the page is synced without the library having said so, per document. */
  #unannounced: { document: string; since: number; reminded: boolean } | null = null;
  /** Ends the pause between two looks. */
  #pausing: AbortController | null = null;

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
    until.addEventListener('abort', () => this.#pausing?.abort(), { once: true });
  }

  /** The page is there and has no line to WhatsApp. */
  get lacksLine(): boolean {
    return !this.#ready && (this.#state === 'OPENING' || this.#state === 'TIMEOUT');
  }

  /** The same, or it does not even show that it is WhatsApp Web. */
  get isCutOff(): boolean {
    return this.lacksLine || (!this.#ready && this.#state === null);
  }

  get isReady(): boolean {
    return this.#ready && !this.#until.aborted;
  }

  /** Looks at the page regularly until the signal comes. */
  async run(): Promise<void> {
    while (!this.#until.aborted) {
      const { watchReady, watchStarting } = this.#deadlines;
      const usual = this.#ready ? watchReady : watchStarting;
      this.#pausing = new AbortController();
      await this.#clock
        .sleep(this.#unannounced?.reminded === false ? Math.min(usual, CONFIRM_MS) : usual, this.#pausing.signal)
        .catch(() => undefined);
      await this.#look();
    }
  }

  /** The library has taken hold of a document, and is told from now on when its sync ends. */
  awaits(document: string): void {
    this.#awaitedIn = document;
    this.#pausing?.abort();
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

  /** @param state null if the page is being reloaded */
  interrupt(state: string | null): void {
    if (!this.isReady) return;
    this.#ready = false;
    // Until it is back it is looked at more often.
    this.#pausing?.abort();
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
      this.#state = state.state;
      return this.#until.aborted ? null : state;
    } catch {
      this.#state = null;
      return null;
    }
  }

  #judge(state: PageState): void {
    const refusal = refusalOf(state.state ?? '');
    if (refusal !== null) return this.#listener.refused(refusal);
    this.#judgeLogin(state.linked);
    const gotOn = state.sync && this.#sync.hasAdvanced(state.sync);
    if (gotOn) this.#listener.progress(gotOn);
    const usable = state.state === 'CONNECTED' && state.hasSynced;
    if (state.state === 'UNPAIRED_IDLE') this.#listener.idle();
    if (usable && state.document === this.#attachedTo) this.#becomeReady(state.document);
    else if (usable) this.#remind(state);
    else this.interrupt(state.state === 'CONNECTED' ? 'synchronising' : state.state);
    if (!usable) this.#unannounced = null;
  }

  /** The library tells of a login only once the sync is over. */
  #judgeLogin(linked: boolean | null): void {
    if (linked === null || linked === this.#linked) return;
    const before = this.#linked;
    this.#linked = linked;
    if (linked) this.#listener.authenticated();
    else if (before) this.#listener.unauthenticated();
  }

  #becomeReady(document: string): void {
    this.#unannounced = null;
    this.#sync.begin();
    if (this.#ready) return;
    this.#ready = true;
    this.#listener.ready(document);
  }

  /**
   * The sync can be over before the library listens for it; then it has to be told. Where it listens and does nothing about a
   * sync that is over, that is so; where it has begun to, or has not come to listen, it is given time.
   */
  #remind({ document, injected }: PageState): void {
    const now = this.#clock.elapsed();
    if (this.#unannounced?.document !== document) {
      this.#unannounced = { document, since: now, reminded: false };
      return;
    }
    const { since, reminded } = this.#unannounced;
    const missedIt = this.#awaitedIn === document && !injected && !reminded;
    if (missedIt || now - since >= this.#deadlines.readyAfterSync) {
      this.#unannounced = { document, since: now, reminded: true };
      this.#calls()
        ?.call(announceSynced, this.#deadlines.call)
        .catch(() => undefined);
    }
  }
}

/** How far a sync has come, over reloads too: one that only repeats itself does not get on. */
class SyncProgress {
  #highest: SyncFigures = NOTHING_SYNCED;

  /** What comes next is another sync. */
  begin(): void {
    this.#highest = NOTHING_SYNCED;
  }

  /** How far it is, for a person, if that is further than ever before; null otherwise, and where it has just begun. */
  hasAdvanced(now: SyncFigures): string | null {
    const before = this.#highest;
    const further = (a: number | null, b: number | null): number | null => (a === null ? b : Math.max(a, b ?? a));
    this.#highest = {
      offline: further(before.offline, now.offline),
      history: further(before.history, now.history),
      chats: further(before.chats, now.chats),
    };
    const { offline, history, chats } = this.#highest;
    if (before === NOTHING_SYNCED) return null;
    if (offline === before.offline && history === before.history && chats === before.chats) return null;
    const told = [
      ...(history === null ? [] : [`${history} % of the history`]),
      ...(offline === null ? [] : [`${offline} % of the events that came in the meantime`]),
      ...(chats === null ? [] : [`${chats} chats`]),
    ];
    return `the account is linked and its data is loading: ${told.join(', ')}`;
  }
}

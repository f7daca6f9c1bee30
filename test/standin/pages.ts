/**
 * The pages that are open, and what can be done to each from outside. The commands travel on a WebSocket of their own, so
 * that they arrive while WhatsApp's is dead.
 */
import { EventEmitter, once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import { crashRenderers } from './crash.ts';
import type { Connection } from './device.ts';
import type { CallFault } from './page-settings.ts';

/**
 * How a page that is alive hears nothing more, until it is reloaded. `listeners`: the library's listeners are gone
 * from the collections. `collections`: the page replaced its collections by new ones. `functions`: what the library
 * exposed to the page does nothing. `inbound`: the page no longer works off what the server sends. `half-open`: the
 * server's frames no longer come and requests get no answer, while the page says CONNECTED.
 */
export type Deafness = 'listeners' | 'collections' | 'functions' | 'inbound' | 'half-open';

export type PageCommand =
  | { readonly do: 'fault'; readonly path: string; readonly fault: CallFault }
  | { readonly do: 'held'; readonly path: string }
  | { readonly do: 'repair'; readonly path: string | null }
  | { readonly do: 'breakSerialize'; readonly text: string }
  | { readonly do: 'busy'; readonly ms: number; readonly how: Busy }
  | { readonly do: 'deafen'; readonly way: Exclude<Deafness, 'half-open'> }
  | { readonly do: 'grow'; readonly megabytes: number }
  | { readonly do: 'state'; readonly state: string }
  | { readonly do: 'resync' }
  | { readonly do: 'progress'; readonly history: number }
  | { readonly do: 'listeners' }
  | { readonly do: 'dialog'; readonly kind: DialogKind }
  | { readonly do: 'iframes'; readonly count: number }
  | { readonly do: 'reload' };

/** How a page that is busy uses its processor. */
export type Busy = 'spins' | 'works' | 'waits';

/** What stops the page's main thread until somebody answers it. */
export type DialogKind = 'alert' | 'confirm' | 'prompt';

const ANSWER_MS = 20_000;

/** One load of the page. Each method resolves once the page has done it, and rejects where the page does not answer. */
export class OpenPage {
  readonly id: string;
  readonly #socket: WebSocket;
  /** The port from which the browser speaks. */
  readonly #port: number;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #next = 1;
  readonly #awake = new AbortController();
  readonly #gone = new AbortController();
  readonly #rests = new EventEmitter();
  /** WhatsApp's own WebSocket of this page, while there is one. */
  connection: Connection | null = null;

  constructor(id: string, socket: WebSocket, port: number) {
    this.id = id;
    this.#socket = socket;
    this.#port = port;
    socket.on('message', (data: Buffer) => {
      const { number, error, value } = JSON.parse(data.toString()) as {
        number: number;
        error?: string;
        value?: unknown;
      };
      const waiting = this.#waiting.get(number);
      this.#waiting.delete(number);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`the page says: ${error}`));
    });
    socket.on('close', () => {
      this.#gone.abort(new Error('the page is gone'));
      for (const { reject } of this.#waiting.values()) reject(new Error('the page is gone'));
    });
  }

  /** Something goes wrong with a function of the page's modules from now on. @param path `Module.function` */
  fault(path: string, fault: CallFault): Promise<void> {
    return this.#tell({ do: 'fault', path, fault });
  }

  /** Calls of a function of the page's modules do not return, until `repair` or a reload. */
  hang(path: string): Promise<void> {
    return this.fault(path, { hangs: true });
  }

  /** How many calls of a function hang. */
  heldCalls(path: string): Promise<number> {
    return this.#tell({ do: 'held', path });
  }

  /** The `serialize` of every message with this text throws from now on, until a reload. */
  breakSerialize(text: string): Promise<void> {
    return this.#tell({ do: 'breakSerialize', text });
  }

  /** Takes one fault away, or all. Hanging calls go on. */
  repair(path: string | null = null): Promise<void> {
    return this.#tell({ do: 'repair', path });
  }

  /**
   * The page's main thread does nothing else for a while; resolves when that begins.
   *
   * @param how `spins` takes a whole core, `works` a tenth of one like a page that waits for its store in between, `waits`
   *   stands still and costs none
   */
  async busy(ms: number, how: Busy = 'spins'): Promise<void> {
    // The page answers a moment before; that it stands still shows where it asks to be held.
    const held = how === 'waits' ? once(this.#rests, 'begin', { signal: this.#gone.signal }) : null;
    held?.catch(() => undefined);
    await this.#tell({ do: 'busy', ms, how });
    await held;
  }

  /** Resolves after that time, or once the page is woken. */
  async rests(ms: number): Promise<void> {
    this.#rests.emit('begin');
    await wait(ms, undefined, { ref: false, signal: this.#awake.signal }).catch(() => undefined);
  }

  /** From now on this load of the page neither stands still (`busy(ms, 'waits')`) nor waits with its sync. */
  wake(): void {
    this.#awake.abort();
  }

  async deafen(way: Deafness): Promise<void> {
    if (way !== 'half-open') return this.#tell({ do: 'deafen', way });
    if (!this.connection) throw new Error('the page has no connection');
    this.connection.mute();
  }

  /** The page holds so much more memory, in its JavaScript heap, until it is reloaded. */
  grow(megabytes: number): Promise<void> {
    return this.#tell({ do: 'grow', megabytes });
  }

  /** The page's socket goes into a state of WhatsApp Web: `TIMEOUT`, `CONNECTED`, `TOS_BLOCK` … */
  state(state: string): Promise<void> {
    return this.#tell({ do: 'state', state });
  }

  /** The page says once more that it has synced. */
  resync(): Promise<void> {
    return this.#tell({ do: 'resync' });
  }

  /** The history that the phone sends to a newly linked device has come so far, in percent. */
  progress(history: number): Promise<void> {
    return this.#tell({ do: 'progress', history });
  }

  /** How many times somebody took hold of this load of the page: how many listen for the end of its sync. */
  listeners(): Promise<number> {
    return this.#tell({ do: 'listeners' });
  }

  /** The page shows a dialog in a moment, and does nothing else until it is answered. */
  dialog(kind: DialogKind): Promise<void> {
    return this.#tell({ do: 'dialog', kind });
  }

  /** Frames inside the page navigate, which makes whatsapp-web.js inject itself again, once for each. */
  iframes(count = 1): Promise<void> {
    return this.#tell({ do: 'iframes', count });
  }

  /** At once, whatever the page is doing. */
  reload(): Promise<void> {
    return this.#tell({ do: 'reload' });
  }

  /** Kills the browser's renderers, which is a crashed tab. Linux only. */
  crash(): Promise<void> {
    return crashRenderers(this.#port);
  }

  #tell<Answer = void>(command: PageCommand): Promise<Answer> {
    const number = this.#next++;
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the page did not answer in ${ANSWER_MS} ms`)), ANSWER_MS);
      const settle = <Value>(done: (value: Value) => void): ((value: Value) => void) => {
        return (value) => {
          clearTimeout(timer);
          done(value);
        };
      };
      this.#waiting.set(number, { resolve: settle(resolve as (value: unknown) => void), reject: settle(reject) });
      this.#socket.send(JSON.stringify({ number, ...command }));
    });
  }
}

export class Pages {
  readonly #events: EventEmitter;
  readonly #open = new Map<string, OpenPage>();

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  opened(id: string, socket: WebSocket, port: number): void {
    const page = new OpenPage(id, socket, port);
    this.#open.set(id, page);
    socket.on('close', () => {
      this.#open.delete(id);
      this.#events.emit('page');
    });
    socket.on('error', () => undefined);
    this.#events.emit('page');
  }

  get(id: string | null): OpenPage | undefined {
    return id === null ? undefined : this.#open.get(id);
  }

  /** Newest last. */
  get all(): readonly OpenPage[] {
    return [...this.#open.values()];
  }
}

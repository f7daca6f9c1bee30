/**
 * A media store that may be away for a while. What it is asked for fails while it is; from then on it is asked whether it
 * is back, and those who wait are told. Log, readiness and metrics get their answer here.
 */
import { WabError } from '../contract/errors.ts';
import type { Clock } from '../ops/clock.ts';
import type { Log } from '../ops/logger.ts';
import type { ByteRange, MediaStore, SpooledFile, StoredFile } from './media-store.ts';

/** Pauses between questions whether it is back, in milliseconds: doubled each time. */
const FIRST_MS = 1_000;
const LONGEST_MS = 30_000;

export class WatchedMediaStore implements MediaStore {
  readonly #store: MediaStore;
  readonly #clock: Pick<Clock, 'sleep'>;
  readonly #log: Log;
  readonly #listeners = new Set<() => void>();
  readonly #ended = new AbortController();
  #trouble: WabError | null = null;
  #watching: Promise<void> = Promise.resolve();

  constructor(store: MediaStore, { clock, log }: { readonly clock: Pick<Clock, 'sleep'>; readonly log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
  }

  get shared(): boolean {
    return this.#store.shared;
  }

  /** Why the store cannot be used now, or null. */
  get trouble(): WabError | null {
    return this.#trouble;
  }

  /** @returns how to end listening */
  onRecovered(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** @throws WabError WAB_MEDIA_STORE_UNUSABLE. One that only does not answer is waited for, and the bridge starts. */
  async start(): Promise<void> {
    await this.#store.start();
    await this.check().catch((error: unknown) => {
      if (!isUnavailable(error)) throw error;
    });
  }

  async stop(): Promise<void> {
    this.#ended.abort();
    await this.#store.stop();
    await this.#watching;
  }

  check(): Promise<void> {
    return this.#watched(() => this.#store.check());
  }

  /** Refuses at once while the store is away: a sender need not send what cannot be kept. */
  async spool(body: NodeJS.ReadableStream, onBytes: (count: number) => void): Promise<SpooledFile> {
    if (this.#trouble !== null) throw this.#trouble;
    const file = await this.#store.spool(body, onBytes);
    return {
      path: file.path,
      sizeBytes: file.sizeBytes,
      sha256: file.sha256,
      commit: (key) => this.#watched(() => file.commit(key)),
      discard: () => file.discard(),
    };
  }

  open(key: string, range?: ByteRange): Promise<NodeJS.ReadableStream | null> {
    return this.#watched(() => this.#store.open(key, range));
  }

  describe(key: string): Promise<StoredFile | null> {
    return this.#watched(() => this.#store.describe(key));
  }

  localPath(key: string): Promise<string | null> {
    return this.#watched(() => this.#store.localPath(key));
  }

  remove(key: string): Promise<void> {
    return this.#watched(() => this.#store.remove(key));
  }

  async *keys(before?: number): AsyncIterable<string> {
    try {
      yield* this.#store.keys(before);
    } catch (error) {
      this.#notice(error);
      throw error;
    }
  }

  removeUnfinished(before: number): Promise<void> {
    return this.#watched(() => this.#store.removeUnfinished(before));
  }

  async #watched<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      this.#notice(error);
      throw error;
    }
  }

  #notice(error: unknown): void {
    if (!isUnavailable(error) || this.#trouble !== null || this.#ended.signal.aborted) return;
    this.#trouble = error;
    this.#log.warn({ err: error }, 'the media store is away; files wait for it');
    this.#watching = this.#waitForReturn();
  }

  async #waitForReturn(): Promise<void> {
    for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_MS)) {
      try {
        await this.#clock.sleep(pauseMs, this.#ended.signal);
      } catch {
        return;
      }
      try {
        await this.#store.check();
        break;
      } catch (error) {
        // The reason may have changed meanwhile: another step may help now.
        if (error instanceof WabError) this.#trouble = asUnavailable(error);
      }
    }
    this.#trouble = null;
    this.#log.info({}, 'the media store is back');
    for (const listener of this.#listeners) listener();
  }
}

const isUnavailable = (error: unknown): error is WabError =>
  error instanceof WabError && error.code === 'WAB_MEDIA_STORE_UNAVAILABLE';

/** To a client of a running bridge it is a matter of time, also if somebody must change something first. */
const asUnavailable = ({ details, cause }: WabError): WabError =>
  new WabError('WAB_MEDIA_STORE_UNAVAILABLE', details, { cause });

/** A profile store that notes whether it can be used, for the log, readiness and metrics. */
import { WabError } from '../contract/errors.ts';
import type { ArchiveFile, ProfileStore, StoredRecord } from '../engine/profile-store.ts';
import type { Log } from '../ops/logger.ts';

export class WatchedProfileStore implements ProfileStore {
  readonly #store: ProfileStore;
  readonly #log: Log;
  #trouble: WabError | null = null;

  constructor(store: ProfileStore, log: Log) {
    this.#store = store;
    this.#log = log;
  }

  get name(): string {
    return this.#store.name;
  }

  /** Why it could not be used when it was last asked; null if it could. */
  get trouble(): WabError | null {
    return this.#trouble;
  }

  check(): Promise<void> {
    return this.#watched(() => this.#store.check());
  }

  stop(): Promise<void> {
    return this.#store.stop();
  }

  readRecord(session: string): Promise<StoredRecord | null> {
    return this.#watched(() => this.#store.readRecord(session));
  }

  writeRecord(session: string, text: string, version: string | null): Promise<string | null> {
    return this.#watched(() => this.#store.writeRecord(session, text, version));
  }

  putArchive(session: string, id: string, file: ArchiveFile, signal?: AbortSignal): Promise<void> {
    return this.#watched(() => this.#store.putArchive(session, id, file, signal), signal);
  }

  getArchive(session: string, id: string, path: string, signal?: AbortSignal): Promise<boolean> {
    return this.#watched(() => this.#store.getArchive(session, id, path, signal), signal);
  }

  removeArchive(session: string, id: string): Promise<void> {
    return this.#watched(() => this.#store.removeArchive(session, id));
  }

  async *archives(session: string, before?: number): AsyncIterable<string> {
    const ids = await this.#watched(async () => {
      const found: string[] = [];
      for await (const id of this.#store.archives(session, before)) found.push(id);
      return found;
    });
    yield* ids;
  }

  /** @param signal a call that it ended says nothing of the store */
  async #watched<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    try {
      const result = await call();
      if (this.#trouble !== null) this.#log.info({}, 'the profile store is back');
      this.#trouble = null;
      return result;
    } catch (error) {
      if (error instanceof WabError && error.code === 'WAB_PROFILE_STORE_UNAVAILABLE' && signal?.aborted !== true) {
        if (this.#trouble === null)
          this.#log.warn({ err: error }, 'the profile store is away; logins are archived later');
        this.#trouble = error;
      }
      throw error;
    }
  }
}

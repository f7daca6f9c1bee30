/**
 * Local copies of files that a store keeps elsewhere, for engines that read files. Bounded: the copy that was not used for
 * longest goes first. One that was handed out stays long enough to be read, even if that takes more room.
 */
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../ops/clock.ts';

/** How long a copy stays after it was handed out, in milliseconds: longer than any send takes. */
const LEASE_MS = 30 * 60_000;

interface Copy {
  readonly bytes: number;
  /** Null if nobody was given its path. */
  readonly handedOutAt: number | null;
}

export class LocalCache {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #clock: Pick<Clock, 'elapsed'>;
  /** The one that was used last is the last. */
  readonly #copies = new Map<string, Copy>();
  readonly #loading = new Map<string, Promise<string | null>>();
  #bytes = 0;

  constructor(folder: string, maxBytes: number, clock: Pick<Clock, 'elapsed'>) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
    this.#clock = clock;
  }

  /** Removes what an earlier process has left. */
  async start(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
  }

  /**
   * The path of a copy, or null if there is nothing to copy. Those who ask at the same time wait for one load.
   *
   * @param load brings the bytes into a new local file, or null if there are none
   */
  async path(key: string, load: () => Promise<{ path: string; bytes: number } | null>): Promise<string | null> {
    const known = this.#copies.get(key);
    if (known && (await exists(this.#pathOf(key)))) return this.#handOut(key, known.bytes);
    const loading =
      this.#loading.get(key) ??
      load()
        .then((loaded) => loaded && this.#take(key, loaded.path, loaded.bytes, true))
        .finally(() => this.#loading.delete(key));
    this.#loading.set(key, loading);
    return loading;
  }

  /** Takes over a local file that has the bytes of a key. */
  async adopt(key: string, path: string, bytes: number): Promise<void> {
    await this.#take(key, path, bytes, false);
  }

  async drop(key: string): Promise<void> {
    this.#forget(key);
    await rm(this.#pathOf(key), { force: true });
  }

  async #take(key: string, path: string, bytes: number, handsOut: boolean): Promise<string> {
    await rename(path, this.#pathOf(key));
    if (handsOut) this.#handOut(key, bytes);
    else this.#note(key, { bytes, handedOutAt: null });
    await this.#makeRoom();
    return this.#pathOf(key);
  }

  #handOut(key: string, bytes: number): string {
    this.#note(key, { bytes, handedOutAt: this.#clock.elapsed() });
    return this.#pathOf(key);
  }

  #note(key: string, copy: Copy): void {
    this.#forget(key);
    this.#copies.set(key, copy);
    this.#bytes += copy.bytes;
  }

  #forget(key: string): void {
    this.#bytes -= this.#copies.get(key)?.bytes ?? 0;
    this.#copies.delete(key);
  }

  async #makeRoom(): Promise<void> {
    const expired = this.#clock.elapsed() - LEASE_MS;
    for (const [key, { handedOutAt }] of this.#copies) {
      if (this.#bytes <= this.#maxBytes) return;
      if (handedOutAt === null || handedOutAt < expired) await this.drop(key);
    }
  }

  #pathOf(key: string): string {
    return join(this.#folder, key);
  }
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/** Those who wait for something to change, by id. Within this process; nobody polls. */
import type { Clock } from './clock.ts';

export class Waiters<Id> {
  readonly #waiting = new Map<Id, Set<() => void>>();

  /** Wakes those who wait for `id`. */
  changed(id: Id): void {
    const listeners = this.#waiting.get(id);
    if (!listeners) return;
    this.#waiting.delete(id);
    for (const listener of listeners) listener();
  }

  /** Calls back at the next change. Returns the function that ends it. */
  next(id: Id, listener: () => void): () => void {
    const listeners = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#waiting.get(id) === listeners) this.#waiting.delete(id);
    };
  }

  /**
   * Reads until `settled` says yes, again after each change.
   *
   * @param waitMs at most this long; the last reading is returned then
   * @throws what `read` throws
   */
  async until<T>(
    id: Id,
    read: () => Promise<T>,
    settled: (value: T) => boolean,
    waitMs: number,
    clock: Clock,
  ): Promise<T> {
    if (waitMs <= 0) return read();
    const over = new AbortController();
    const end = { reached: false };
    // One sleep for the whole wait, since the clock may be set meanwhile.
    const ended = clock.sleep(waitMs, over.signal).then(
      () => void (end.reached = true),
      () => undefined,
    );
    try {
      return await this.#read(id, read, settled, end, ended);
    } finally {
      over.abort();
    }
  }

  async #read<T>(
    id: Id,
    read: () => Promise<T>,
    settled: (value: T) => boolean,
    end: { readonly reached: boolean },
    ended: Promise<void>,
  ): Promise<T> {
    for (;;) {
      let forget = (): void => undefined;
      // Before the reading, so that no change falls between the two.
      const moved = new Promise<void>((resolve) => {
        forget = this.next(id, resolve);
      });
      try {
        const value = await read();
        if (settled(value) || end.reached) return value;
        await Promise.race([moved, ended]);
      } finally {
        forget();
      }
    }
  }
}

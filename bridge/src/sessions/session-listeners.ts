/** Those who are told of something that happened to a session. */
import type { SessionName } from '../contract/ids.ts';
import type { Log } from '../ops/logger.ts';

type SessionListener = (name: SessionName) => void;

export class SessionListeners {
  readonly #log: Log;
  readonly #listeners = new Set<SessionListener>();

  constructor(log: Log) {
    this.#log = log;
  }

  /** @returns the function that ends it */
  add(listener: SessionListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** One that fails keeps no other from being told. */
  announce(name: SessionName): void {
    for (const listener of [...this.#listeners]) {
      try {
        listener(name);
      } catch (error) {
        this.#log.error(
          { session: name, reason: error instanceof Error ? error.message : '' },
          'a listener for sessions failed',
        );
      }
    }
  }
}

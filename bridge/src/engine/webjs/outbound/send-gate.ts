/** Holds sends before the browser is exchanged: none begins any more, and those under way come back first. */
import { EngineError } from '../../engine.ts';

export class SendGate {
  #closed: string | null = null;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  /** @throws EngineError `defer` once the gate is closed */
  async pass<T>(send: () => Promise<T>): Promise<T> {
    if (this.#closed !== null) throw new EngineError('defer', 'WAB_SESSION_NOT_READY', this.#closed);
    this.#inside += 1;
    try {
      return await send();
    } finally {
      this.#inside -= 1;
      if (this.#inside === 0) for (const wake of this.#waiting.splice(0)) wake();
    }
  }

  /**
   * Lets nothing more pass. Resolves once everything that had passed is back.
   *
   * @param reason told to what comes too late
   */
  async close(reason: string): Promise<void> {
    this.#closed = reason;
    if (this.#inside > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Counts sends that fail in the page itself: one bad file is the file's fault, several messages in a row are the page's. */
import type { Clock } from '../../../ops/clock.ts';
import { EngineError } from '../../engine.ts';

/** So many failures in a row, of so many different messages, and sending does not work. */
const FAILURES = 5;
const MESSAGES = 3;
/**
 * So long after the last of them it is no longer told: a session that sends nothing must not stay degraded by it. They still
 * count, since nothing has been sent in between.
 */
const SILENT_MS = 30 * 60_000;

export interface SendFailuresParts {
  /** Told what does not work, for a person; null once it works, or has not been tried for long. */
  readonly told: (words: string | null) => void;
  readonly clock: Pick<Clock, 'sleep'>;
  /** Nothing is told from this signal on. */
  readonly stopped: AbortSignal;
}

export class SendFailures {
  readonly #deps: SendFailuresParts;
  #failures = 0;
  readonly #messages = new Set<string>();
  /** Ends the wait until they are no longer told. */
  #telling: AbortController | null = null;

  constructor(deps: SendFailuresParts) {
    this.#deps = deps;
  }

  /**
   * Counts an attempt that the page fails at; what WhatsApp refuses for its own reasons, or nobody knows of, is none.
   *
   * @param message anything that tells one message from another
   * @throws what the attempt throws, unchanged
   */
  async counted<T>(message: string, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof EngineError && error.code === 'WAB_SEND_FAILED') this.#failed(message, error.message);
      throw error;
    }
  }

  /** A send has worked, or the page is another. */
  worked(): void {
    this.#telling?.abort();
    this.#telling = null;
    this.#failures = 0;
    this.#messages.clear();
    this.#deps.told(null);
  }

  /** @param reason names no people */
  #failed(message: string, reason: string): void {
    this.#withdrawLater();
    this.#failures += 1;
    if (this.#messages.size < MESSAGES) this.#messages.add(message);
    if (this.#failures < FAILURES || this.#messages.size < MESSAGES) return;
    this.#deps.told(`WhatsApp Web could not send any of the most recent messages: ${reason}`);
  }

  #withdrawLater(): void {
    const { clock, stopped } = this.#deps;
    this.#telling?.abort();
    const telling = new AbortController();
    this.#telling = telling;
    clock.sleep(SILENT_MS, AbortSignal.any([telling.signal, stopped])).then(
      () => this.#deps.told(null),
      () => undefined,
    );
  }
}

/**
 * Notices a published trigger that has had no connection for too long. Without this it stays green and deaf: nothing
 * arrives, so no execution fails, so no error workflow runs.
 */
import { pause } from '../shared/pause';
import type { Notices } from './notices';

export interface OutageOptions {
  /** How long an outage may last before it is shown, in ms; 0 never shows one. */
  readonly afterMs: number;
  readonly notices: Pick<Notices, 'info' | 'show'>;
}

export class Outage {
  readonly #options: OutageOptions;
  /** Ends the wait of the outage that lasts. */
  #current: AbortController | null = null;
  #since = 0;
  #reason = '';
  #shown = false;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  /**
   * The trigger has no connection. Said again and again while that lasts.
   *
   * @param reason a sentence, of which the latest counts
   * @param shown whether it was recorded as a failed execution already; one is enough for an outage
   */
  down(reason: string, shown = false): void {
    this.#reason = reason;
    if (shown) this.#shown = true;
    if (this.#current !== null) return;
    this.#current = new AbortController();
    this.#since = performance.now();
    if (this.#options.afterMs > 0) void this.#watch(this.#current.signal);
  }

  /** It is connected. @param waiting events that came meanwhile */
  up(waiting: number): void {
    if (this.#shown) {
      this.#options.notices.info(
        `connected again after ${inWords(performance.now() - this.#since)}; ${waiting} event${waiting === 1 ? '' : 's'} arrived in the meantime and ${waiting === 1 ? 'is' : 'are'} delivered now.`,
      );
    }
    this.stop();
  }

  stop(): void {
    this.#current?.abort();
    this.#current = null;
    this.#shown = false;
  }

  async #watch(signal: AbortSignal): Promise<void> {
    await pause(this.#options.afterMs, signal);
    if (signal.aborted || this.#shown) return;
    this.#shown = true;
    this.#options.notices.show(
      `no connection to the bridge for ${inWords(performance.now() - this.#since)}, so no events arrive. ${capitalised(this.#reason)} ` +
        'The trigger keeps trying; events that arrive in the meantime are delivered once it is connected again.',
    );
  }
}

const capitalised = (sentence: string): string => sentence.charAt(0).toUpperCase() + sentence.slice(1);

/** A duration for people: `45 seconds`, `2 minutes`, `3 hours`. */
export function inWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  const [count, unit] =
    seconds < 120
      ? [seconds, 'second']
      : seconds < 7_200
        ? [Math.round(seconds / 60), 'minute']
        : [Math.round(seconds / 3_600), 'hour'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

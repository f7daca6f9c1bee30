/** Waits for events of one session, from the moment it was opened on; what came already counts. */
import { setTimeout as pause } from 'node:timers/promises';
import { listEvents } from '../../contract/operations/event/list.ts';
import type { BridgeClient } from '../client.ts';

export interface WatchedEvent {
  readonly type: string;
  readonly occurredAt: string;
  readonly chat: { readonly chatId: string; readonly kind?: string; readonly name?: string } | null;
  readonly sender: { readonly name?: string } | null;
  readonly data: {
    readonly messageId?: string;
    readonly outboxId?: string;
    readonly text?: string | null;
    readonly ack?: string;
    readonly quotedMessageId?: string | null;
    readonly kind?: string;
    readonly media?: { readonly mediaId: string; readonly mimeType: string };
  } | null;
}

const POLL_MS = 250;

export class EventWatch {
  readonly #client: BridgeClient;
  readonly #session: string;
  readonly #seen: WatchedEvent[] = [];
  #cursor = 'latest';

  private constructor(client: BridgeClient, session: string) {
    this.#client = client;
    this.#session = session;
  }

  /** @throws ProblemError if the key may not read events */
  static async open(client: BridgeClient, session: string): Promise<EventWatch> {
    const watch = new EventWatch(client, session);
    await watch.#read();
    return watch;
  }

  /** Everything that has come so far. */
  get seen(): readonly WatchedEvent[] {
    return this.#seen;
  }

  /**
   * The first event that matches, or null once the time is over.
   *
   * @param timeoutMs longest wait, in milliseconds
   * @param waiting   called about every second with the milliseconds that are left
   */
  async until(
    matches: (event: WatchedEvent) => boolean,
    timeoutMs: number,
    waiting?: (leftMs: number) => void,
  ): Promise<WatchedEvent | null> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const found = this.#seen.find(matches);
      if (found) return found;
      const left = end - Date.now();
      if (left <= 0) return null;
      waiting?.(left);
      await pause(Math.min(POLL_MS, left));
      await this.#read();
    }
  }

  async #read(): Promise<void> {
    for (;;) {
      const page = await this.#client.perform(listEvents, {
        after: this.#cursor,
        sessions: this.#session,
        limit: 200,
      });
      this.#cursor = page.cursor;
      this.#seen.push(...(page.events as readonly WatchedEvent[]));
      if (!page.more) return;
    }
  }
}

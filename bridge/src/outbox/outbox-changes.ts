/** Tells those who wait that an outbox message has moved, and the dispatcher that a lane may have something to do. */
import type { OutboxId, SessionName } from '../contract/ids.ts';
import { Waiters } from '../ops/waiters.ts';

export class OutboxChanges {
  readonly messages = new Waiters<OutboxId>();
  #onFreed: (session: SessionName) => void = () => undefined;

  /** Who is told of `freed`. One listener: the dispatcher. */
  onFreed(listener: (session: SessionName) => void): void {
    this.#onFreed = listener;
  }

  /** The message has moved. */
  changed(id: OutboxId): void {
    this.messages.changed(id);
  }

  /** A message was added or settled from outside the lane, which may go on. */
  freed(session: SessionName): void {
    this.#onFreed(session);
  }
}

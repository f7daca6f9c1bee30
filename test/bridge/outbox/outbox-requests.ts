/** What tests ask of an open outbox, and what they wait for. */
import { setTimeout as wait } from 'node:timers/promises';
import type { ChatId, OutboxId } from '../../../bridge/src/contract/ids.ts';
import type { OutboxMessage, OutboxState } from '../../../bridge/src/contract/views/outbox-message.ts';
import { systemClock, type Clock } from '../../../bridge/src/ops/clock.ts';
import type { OutboxChanges } from '../../../bridge/src/outbox/outbox-changes.ts';
import type { OutboxService } from '../../../bridge/src/outbox/outbox-service.ts';
import { ALICE, asked, KEY, SESSION } from './outbox-samples.ts';

/** How long a test waits for what it expects, in milliseconds. */
const PATIENCE_MS = 20_000;

/** Deadlines of sends that a test leaves hanging must not hold up the end of the test process. */
export const testClock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => wait(ms, undefined, { ref: false, ...(signal ? { signal } : {}) }),
};

export class OutboxRequests {
  readonly #service: OutboxService;
  readonly #changes: OutboxChanges;
  #keys = 0;

  constructor(service: OutboxService, changes: OutboxChanges) {
    this.#service = service;
    this.#changes = changes;
  }

  /** Accepts a text, under an idempotency key of its own. */
  readonly accept = async (
    text: string,
    to: ChatId = ALICE,
    session = SESSION,
    expiresInSeconds?: number,
  ): Promise<OutboxMessage> => {
    const expiry = expiresInSeconds === undefined ? {} : { expiresInSeconds };
    const { message } = await this.#service.accept(...asked({ type: 'text', session, to, text, ...expiry }), {
      keyId: KEY,
      idempotencyKey: `${process.hrtime.bigint()}-${++this.#keys}`,
      firstAnswer: false,
    });
    return message;
  };

  /** Resolves when the message is in a state, by the outbox's own notifications. */
  readonly until = async (id: string, ...states: OutboxState[]): Promise<OutboxMessage> => {
    const message = await this.#wait(id, (now) => states.includes(now.state), PATIENCE_MS);
    if (!states.includes(message.state))
      throw new Error(`${id} is ${message.state} (${message.error?.message}), not ${states.join(' or ')}`);
    return message;
  };

  /** Resolves when the message is as a test wants it. */
  readonly untilThat = async (id: string, wanted: (message: OutboxMessage) => boolean): Promise<OutboxMessage> => {
    // Some of what a test waits for, such as an address, changes without the outbox telling those who wait.
    for (const end = Date.now() + PATIENCE_MS; ;) {
      const message = await this.#wait(id, wanted, 50);
      if (wanted(message)) return message;
      if (Date.now() > end) throw new Error(`${id} did not become as wanted: ${JSON.stringify(message)}`);
    }
  };

  #wait(id: string, wanted: (message: OutboxMessage) => boolean, ms: number): Promise<OutboxMessage> {
    const read = () => this.#service.get(id as OutboxId);
    return this.#changes.messages.until(id as OutboxId, read, wanted, ms, testClock);
  }
}

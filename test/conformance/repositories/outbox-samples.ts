/** Outbox messages of the checks. */
import type { ChatId, KeyId, MediaId, MessageId, OutboxId, SessionName } from '../../../bridge/src/contract/ids.ts';
import type { IdempotencyClaim, OutboxRow } from '../../../bridge/src/store/outbox-rows.ts';
import {
  acceptMessage,
  moveMessage,
  type Move,
  type NewOutboxRow,
} from '../../../bridge/src/store/outbox.repository.ts';
import { NOW } from './samples.ts';
import type { StoreAtTest } from './store-at-test.ts';

export const SUPPORT = 'support' as SessionName;
export const idOf = (id: string): OutboxId => id as OutboxId;
export const chatOf = (chat: string): ChatId => chat as ChatId;
export const mediaOf = (id: string): MediaId => id as MediaId;
export const messageIdOf = (id: string): MessageId => id as MessageId;

export const claimOf = (key: string, patch: Partial<IdempotencyClaim> = {}): IdempotencyClaim => ({
  keyId: 'key' as KeyId,
  key,
  digest: 'digest',
  firstAnswer: false,
  validSince: 0,
  ...patch,
});

/** A message in a chat of its own, unless the patch says otherwise. */
export const messageOf = (id: string, patch: Partial<NewOutboxRow> = {}): NewOutboxRow => ({
  id: idOf(id),
  session: SUPPORT,
  chatId: chatOf(`chat of ${id}`),
  alias: null,
  chat: '{}',
  resolved: true,
  type: 'text',
  content: '{}',
  mediaId: null,
  account: null,
  expiresAt: NOW + 1_000,
  ...patch,
});

/** Accepts a message under an idempotency key of its own. */
export const accepting = (id: string, patch: Partial<NewOutboxRow> = {}, now = NOW) =>
  acceptMessage({ row: messageOf(id, patch), claim: claimOf(id), now });

/** Moves a message that waits. */
export const moving = (id: string, to: Move['to'], patch: Partial<Move> = {}) =>
  moveMessage({ of: { id: idOf(id) }, from: ['queued'], to, now: NOW, ...patch });

/** What the checks of the outbox ask of the store again and again. */
export class OutboxAtTest {
  readonly #at: StoreAtTest;

  constructor(at: StoreAtTest) {
    this.#at = at;
  }

  /** Accepts messages, one after another. */
  async accept(...ids: readonly string[]): Promise<void> {
    await this.#at.write(ids.map((id) => accepting(id)));
  }

  /** @throws Error if there is none */
  async row(id: string): Promise<OutboxRow> {
    const row = await this.#at.outbox.find(idOf(id));
    if (row === undefined) throw new Error(`there is no message ${id}`);
    return { ...row };
  }

  /** Which of the messages may be sent next, by the order of their acceptance. */
  async heads(): Promise<string[]> {
    const rows = await this.#at.outbox.list({ limit: 1_000 });
    return rows
      .filter(({ head }) => head === 1)
      .map(({ id }) => id)
      .reverse();
  }
}

export const ids = (rows: readonly OutboxRow[]): string[] => rows.map(({ id }) => id);

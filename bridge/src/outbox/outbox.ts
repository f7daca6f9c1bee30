/** The outbox as HTTP sees it: a promise to carry out what was accepted. The dispatcher works behind it. */
import type { AnyInput } from '../contract/field-checks.ts';
import type { OutboxOperation } from '../contract/operations/by-carrier.ts';
import type { OutboxMessage, OutboxState } from '../contract/views/outbox-message.ts';
import type { KeyId, OutboxId, SessionName } from '../contract/ids.ts';

export interface Acceptance {
  readonly message: OutboxMessage;
  /** True if the idempotency key was known and this is the message it made then. */
  readonly replayed: boolean;
}

export interface AcceptOptions {
  /** Scopes the idempotency key: two keys never collide. */
  readonly keyId: KeyId;
  readonly idempotencyKey: string;
  /** Answer with the first message even if the body differs (the n8n node on a second attempt). */
  readonly firstAnswer: boolean;
  /** The sessions that the key may use, for files; null or absent for all. */
  readonly sessions?: ReadonlySet<SessionName> | null;
}

export type Resolution = 'sent' | 'failed' | 'resend';

export interface Outbox {
  /**
   * Takes an operation durably. Known idempotency keys replay their first answer for 7 days.
   *
   * @param input valid by its schema
   * @throws WabError those that the definition names; nothing is stored then
   */
  accept(operation: OutboxOperation, input: AnyInput, options: AcceptOptions): Promise<Acceptance>;
  /**
   * @param waitMs answer as soon as the message is neither `queued` nor `sending`, at the latest after this long
   * @throws WabError WAB_OUTBOX_NOT_FOUND
   */
  get(id: OutboxId, waitMs?: number): Promise<OutboxMessage>;
  list(filter: {
    readonly session?: SessionName;
    readonly states?: readonly OutboxState[];
    readonly before?: OutboxId;
    readonly limit: number;
  }): Promise<readonly OutboxMessage[]>;
  /**
   * Settles an `in_doubt` message.
   *
   * @throws WabError WAB_OUTBOX_NOT_FOUND, WAB_OUTBOX_STATE; for one that is to be sent again, WAB_ACCOUNT_CHANGED where
   *   another account is linked and WAB_ACCOUNT_UNKNOWN where its own is not known
   */
  resolve(id: OutboxId, as: Resolution): Promise<OutboxMessage>;
  /** Withdraws a `queued` message. @throws WabError WAB_OUTBOX_NOT_FOUND, WAB_OUTBOX_STATE */
  cancel(id: OutboxId): Promise<OutboxMessage>;
}

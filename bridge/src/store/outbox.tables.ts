/** Tables of the outbox. Times are milliseconds since the epoch, booleans are 0 and 1. */
import type { Generated } from 'kysely';
import type { OutboxState } from '../contract/views/outbox-message.ts';

export interface OutboxTable {
  /** Order of acceptance, by which the messages of a chat are sent. */
  position: Generated<number>;
  id: string;
  session: string;
  /** The chat whose order is kept: as it was asked for, or WhatsApp's own id once it was resolved. */
  chat_id: string;
  /** Address, as JSON. */
  chat: string;
  /** 1 once the engine has told the address. */
  resolved: number;
  /** The content to send (`OutboxContent`), as JSON. */
  content: string;
  type: string;
  media_id: string | null;
  state: OutboxState;
  /** Address, as JSON, of the account that it is to be sent from; null until the session's first account is linked. */
  account: string | null;
  /** The session's login under which it was sent last; means something from the first attempt on. */
  login: Generated<number>;
  /** 1 once it has been in doubt: it may have left, whatever becomes of a later attempt. */
  doubted: Generated<number>;
  /** When a person put it back into the queue after it was in doubt, from which its age counts; null if nobody did. */
  resent_at: number | null;
  /** Not sent after this; null without a deadline. */
  expires_at: number | null;
  wire_id: string | null;
  attempts: number;
  /** Not before this. */
  due_at: number;
  /** 1 for the one message of its chat that is sending, or may be sent next. */
  head: number;
  error_code: string | null;
  error_message: string | null;
  created_at: number;
  updated_at: number;
}

export interface OutboxIdempotencyTable {
  key_id: string;
  idempotency_key: string;
  outbox_id: string;
  /** sha256 of the canonical request, base64url. */
  digest: string;
  created_at: number;
}

export interface OutboxTables {
  outbox: OutboxTable;
  outbox_idempotency: OutboxIdempotencyTable;
}

/** Tables of the sessions. Times are milliseconds since the epoch. Their present state lives in memory only. */
import type { Generated } from 'kysely';

/** What is to be: what the operator wants, and what must survive a restart. */
export type DesiredState =
  | 'running'
  | 'stopped'
  /** Unlinked: stays so until an operator starts it. */
  | 'logged_out'
  /** WhatsApp refuses the account: left alone until an operator starts it. */
  | 'refused'
  /** Being removed; a restart in the middle of it goes on with it. */
  | 'deleting';

export interface SessionsTable {
  name: string;
  engine: string;
  desired: DesiredState;
  /** Address of the linked account, as JSON, once known. */
  self: string | null;
  /** Address of the account that is linked, or was linked last, as JSON; null before the first link. */
  account: string | null;
  /** Counts the logins that have ended. */
  login: Generated<number>;
  /** Why WhatsApp refuses it; means something only while it is `refused`. */
  refusal: string | null;
  /** Scheme, host and port of the proxy. */
  proxy: string | null;
  /** Its login, sealed with the master key. */
  proxy_login: string | null;
  /** What its engine needs to know of it, as JSON; null if nothing. */
  settings: string | null;
  /** The secrets among that, as JSON sealed with the master key. */
  secrets: string | null;
  created_at: number;
  updated_at: number;
}

export interface SessionsTables {
  sessions: SessionsTable;
}

/** Tables of keys and of nonces that were used. Times are milliseconds since the epoch. */
export interface AuthKeysTable {
  key_id: string;
  name: string;
  /** The 32 bytes of the Ed25519 public key, base64. Private keys are never stored. */
  public_key: string;
  /** JSON array of scopes. */
  scopes: string;
  /** JSON array of session names; null allows all. */
  sessions: string | null;
  not_before: number | null;
  expires_at: number | null;
  revoked_at: number | null;
  created_at: number;
  last_used_at: number | null;
}

/** Nonces of signatures that are still good for their age. */
export interface AuthNoncesTable {
  key_id: string;
  nonce: string;
  usable_until: number;
}

export interface AuthTables {
  auth_keys: AuthKeysTable;
  auth_nonces: AuthNoncesTable;
}

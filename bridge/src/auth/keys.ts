/** Signing keys. The bridge keeps public keys only; a private key is shown once, when it is issued. */
import type { KeyId, SessionName } from '../contract/ids.ts';
import type { Scope } from '../contract/scopes.ts';
import type { IssuedKey, KeyView } from '../contract/views/key.ts';

/** Who a verified request comes from. */
export interface Principal {
  readonly keyId: KeyId;
  readonly scopes: ReadonlySet<Scope>;
  readonly sessions: ReadonlySet<SessionName> | null;
  /** ISO 8601; an open stream ends then. */
  readonly expiresAt: string | null;
}

export interface KeySpec {
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly sessions?: readonly SessionName[] | null;
  readonly notBefore?: string | null;
  readonly expiresAt?: string | null;
}

export interface Keys {
  /** @returns the key and, this once, its secret `wabk_<key id>_<base64url of the 32-byte seed>` */
  issue(spec: KeySpec): Promise<IssuedKey>;
  list(): Promise<readonly KeyView[]>;
  /** @throws WabError WAB_KEY_NOT_FOUND, WAB_LAST_MANAGER_KEY */
  revoke(keyId: KeyId): Promise<KeyView>;
  /** Calls back when a key was revoked or has expired. Returns the function that ends it. */
  onRevoked(listener: (keyId: KeyId) => void): () => void;
}

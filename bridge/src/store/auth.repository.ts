/** Reads and writes of keys and nonces. */
import type { Kysely, Transaction } from 'kysely';
import { WabError } from '../contract/errors.ts';
import type { KeyId, SessionName } from '../contract/ids.ts';
import type { Scope } from '../contract/scopes.ts';
import type { AuthKeysTable } from './auth.tables.ts';
import { defineOperation, type Operation } from './operation.ts';
import type { Schema } from './schema.ts';

/** A key as it is stored. Times are milliseconds since the epoch. */
export interface StoredKey {
  readonly keyId: KeyId;
  readonly name: string;
  /** 32 bytes, base64. */
  readonly publicKey: string;
  readonly scopes: readonly Scope[];
  readonly sessions: readonly SessionName[] | null;
  readonly notBefore: number | null;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly createdAt: number;
  readonly lastUsedAt: number | null;
}

const fromRow = (row: AuthKeysTable): StoredKey => ({
  keyId: row.key_id as KeyId,
  name: row.name,
  publicKey: row.public_key,
  scopes: JSON.parse(row.scopes) as Scope[],
  sessions: row.sessions === null ? null : (JSON.parse(row.sessions) as SessionName[]),
  notBefore: row.not_before,
  expiresAt: row.expires_at,
  revokedAt: row.revoked_at,
  createdAt: row.created_at,
  lastUsedAt: row.last_used_at,
});

const toRow = (key: StoredKey): AuthKeysTable => ({
  key_id: key.keyId,
  name: key.name,
  public_key: key.publicKey,
  scopes: JSON.stringify(key.scopes),
  sessions: key.sessions === null ? null : JSON.stringify(key.sessions),
  not_before: key.notBefore,
  expires_at: key.expiresAt,
  revoked_at: key.revokedAt,
  created_at: key.createdAt,
  last_used_at: key.lastUsedAt,
});

/** Every key, revoked ones included, oldest first. */
export async function allKeys(reader: Kysely<Schema>): Promise<readonly StoredKey[]> {
  return (await reader.selectFrom('auth_keys').selectAll().orderBy('created_at').orderBy('key_id').execute()).map(
    fromRow,
  );
}

/** Whether the key manages keys at this moment. */
export const managesKeys = (key: StoredKey, now: number): boolean =>
  key.scopes.includes('keys:manage') &&
  key.revokedAt === null &&
  (key.notBefore === null || key.notBefore <= now) &&
  (key.expiresAt === null || key.expiresAt > now);

/** A manager of all keys, whether or not for good. */
const managesAllKeys = (key: StoredKey, now: number): boolean => managesKeys(key, now) && key.sessions === null;

const loadKey = async (transaction: Transaction<Schema>, keyId: KeyId): Promise<StoredKey | undefined> => {
  const row = await transaction.selectFrom('auth_keys').selectAll().where('key_id', '=', keyId).executeTakeFirst();
  return row === undefined ? undefined : fromRow(row);
};

export const addKey = defineOperation('auth.addKey', async (transaction, key: StoredKey): Promise<StoredKey> => {
  await transaction.insertInto('auth_keys').values(toRow(key)).execute();
  return key;
});

/**
 * Notes a key that an operator holds in a file: adds it, or gives the known one the scopes of this version. A revoked
 * one stays revoked.
 */
export const registerKey = defineOperation(
  'auth.registerKey',
  async (transaction, key: StoredKey): Promise<StoredKey> => {
    const known = await loadKey(transaction, key.keyId);
    if (known === undefined) {
      await transaction.insertInto('auth_keys').values(toRow(key)).execute();
      return key;
    }
    if (known.publicKey !== key.publicKey) throw new Error(`Key ${key.keyId} is known with another public key`);
    await transaction
      .updateTable('auth_keys')
      .set({ scopes: JSON.stringify(key.scopes) })
      .where('key_id', '=', key.keyId)
      .execute();
    return { ...known, scopes: key.scopes };
  },
);

export const revokeKey = defineOperation(
  'auth.revokeKey',
  async (transaction, { keyId, now }: { keyId: KeyId; now: number }): Promise<StoredKey> => {
    const key = await loadKey(transaction, keyId);
    if (key === undefined) throw new WabError('WAB_KEY_NOT_FOUND', { keyId });
    if (key.revokedAt !== null) return key;
    if (managesAllKeys(key, now)) {
      const others = await transaction
        .selectFrom('auth_keys')
        .selectAll()
        .where('key_id', '!=', keyId)
        .where('revoked_at', 'is', null)
        .execute();
      const managers = others.map(fromRow).filter((other) => managesAllKeys(other, now));
      // One that ends leaves nobody when it does. It does not stand in for one without an end; but of several that all
      // end, a leaked one can go.
      const enough = key.expiresAt === null ? managers.some((other) => other.expiresAt === null) : managers.length > 0;
      if (!enough) throw new WabError('WAB_LAST_MANAGER_KEY', { keyId });
    }
    await transaction.updateTable('auth_keys').set({ revoked_at: now }).where('key_id', '=', keyId).execute();
    return { ...key, revokedAt: now };
  },
);

/**
 * Puts a new key in the place of all others of its name: adds it, and revokes those that are valid.
 *
 * @returns the ids of those it revoked
 */
export const replaceKeys = defineOperation(
  'auth.replaceKeys',
  async (transaction, key: StoredKey): Promise<readonly KeyId[]> => {
    const revoked = await transaction
      .updateTable('auth_keys')
      .set({ revoked_at: key.createdAt })
      .where('name', '=', key.name)
      .where('revoked_at', 'is', null)
      .returning('key_id')
      .execute();
    await transaction.insertInto('auth_keys').values(toRow(key)).execute();
    return revoked.map((row) => row.key_id as KeyId);
  },
);

export interface KeyUse {
  readonly keyId: KeyId;
  readonly lastUsedAt: number;
}

export const touchKeys = defineOperation(
  'auth.touchKeys',
  async (transaction, uses: readonly KeyUse[]): Promise<void> => {
    for (const { keyId, lastUsedAt } of uses) {
      await transaction
        .updateTable('auth_keys')
        .set({ last_used_at: lastUsedAt })
        .where('key_id', '=', keyId)
        .execute();
    }
  },
);

export interface NonceUse {
  readonly keyId: KeyId;
  readonly nonce: string;
  /** Milliseconds since the epoch after which the signature is refused for its age anyway. */
  readonly usableUntil: number;
}

/** @returns false if the nonce was used before */
export const useNonce = defineOperation(
  'auth.useNonce',
  async (transaction, { keyId, nonce, usableUntil }: NonceUse): Promise<boolean> => {
    const result = await transaction
      .insertInto('auth_nonces')
      .values({ key_id: keyId, nonce, usable_until: usableUntil })
      .onConflict((conflict) => conflict.columns(['key_id', 'nonce']).doNothing())
      .executeTakeFirst();
    return (result.numInsertedOrUpdatedRows ?? 0n) > 0n;
  },
);

/** Forgets nonces whose signatures were refused for their age already before `before`. */
export const pruneNonces = defineOperation(
  'auth.pruneNonces',
  async (transaction, { before }: { before: number }): Promise<number> => {
    const result = await transaction.deleteFrom('auth_nonces').where('usable_until', '<', before).executeTakeFirst();
    return Number(result.numDeletedRows);
  },
);

// eslint-disable-next-line @typescript-eslint/no-explicit-any
export const authOperations: readonly Operation<any, any>[] = [
  addKey,
  registerKey,
  replaceKeys,
  revokeKey,
  touchKeys,
  useNonce,
  pruneNonces,
];

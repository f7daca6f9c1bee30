/**
 * The way back where the operator's key was revoked, lost or leaked, for those who may write into the data folder while
 * no bridge runs on it: that they own the bridge needs no other proof.
 */
import type { KeyId } from '../contract/ids.ts';
import { replaceKeys } from '../store/auth.repository.ts';
import type { Database } from '../store/database.ts';
import { operatorRecord } from './key-ring.ts';
import { replaceOperatorKey } from './operator-key.ts';

/**
 * Makes a new operator key, in the file and in the database, and revokes the operator's earlier ones. Cut off in between
 * it leaves a key that the next start makes known; repeated, it revokes that one too.
 *
 * @param database of the data folder, which is thereby locked
 * @param now      milliseconds since the epoch
 */
export async function recoverOperator(
  dataDir: string,
  database: Pick<Database, 'write'>,
  now: number,
): Promise<{ readonly keyId: KeyId; readonly revoked: readonly KeyId[] }> {
  const secret = replaceOperatorKey(dataDir);
  const revoked = await database.write(replaceKeys(operatorRecord(secret, now)));
  return { keyId: secret.keyId, revoked };
}

/**
 * The operator's key: a file beside the data, readable by its owner alone, by which the CLI signs like
 * any client. Made at the first start and used ever after; never in the database.
 */
import { join } from 'node:path';
import { WabError } from '../contract/errors.ts';
import { newKeyId } from '../contract/ids.ts';
import { readPrivateFile, writePrivateFile } from './private-file.ts';
import { formatSecret, newSeed, parseSecret, type Secret } from './secret.ts';

const FILE = 'operator.key';

export const operatorKeyFile = (dataDir: string): string => join(dataDir, FILE);

/**
 * The operator's key, or null if there is none yet.
 *
 * @throws WabError WAB_CONFIG_INVALID if others may read the file, or it holds no key
 */
export function readOperatorKey(dataDir: string): Secret | null {
  const file = operatorKeyFile(dataDir);
  const text = readPrivateFile(file, 'the operator key', 'replace it with `wabridge key recover`');
  if (text === null) return null;
  const secret = parseSecret(text);
  if (secret === null)
    throw new WabError('WAB_CONFIG_INVALID', {
      reason: `the operator key file ${file} does not contain a key. Delete it; the bridge creates a new one at its next start`,
    });
  return secret;
}

/** Reads the operator's key, and makes one if there is none. Durable before it returns. */
export function ensureOperatorKey(dataDir: string): { readonly secret: Secret; readonly created: boolean } {
  const known = readOperatorKey(dataDir);
  if (known !== null) return { secret: known, created: false };
  return { secret: replaceOperatorKey(dataDir), created: true };
}

/** Makes a new operator key in the place of the one that the file may hold. Durable before it returns. */
export function replaceOperatorKey(dataDir: string): Secret {
  const secret: Secret = { keyId: newKeyId(), seed: newSeed() };
  writePrivateFile(operatorKeyFile(dataDir), `${formatSecret(secret)}\n`, secret.keyId);
  return secret;
}

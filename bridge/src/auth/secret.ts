/** The one string in which a key is handed over: `wabk_<key id>_<base64url of the 32-byte seed>`. */
import { createPrivateKey, createPublicKey, randomBytes, type KeyObject } from 'node:crypto';
import { KEY_ID_PATTERN, type KeyId } from '../contract/ids.ts';

/** An Ed25519 private key in PKCS#8 is this prefix followed by the seed; a public key in SPKI likewise. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');
const SEED_BYTES = 32;

export interface Secret {
  readonly keyId: KeyId;
  readonly seed: Buffer;
}

export const newSeed = (): Buffer => randomBytes(SEED_BYTES);

export const formatSecret = ({ keyId, seed }: Secret): string => `wabk_${keyId}_${seed.toString('base64url')}`;

/**
 * @returns null if the text is not a secret; why is not told, so that no part of a secret ends up in a message
 */
export function parseSecret(text: string): Secret | null {
  const match = /^wabk_([^_]*)_([0-9A-Za-z_-]{43})$/.exec(text.trim());
  if (match === null || !new RegExp(KEY_ID_PATTERN).test(match[1]!)) return null;
  const seed = Buffer.from(match[2]!, 'base64url');
  // 43 characters carry two bits more than 32 bytes; only one spelling of a secret is accepted.
  if (seed.length !== SEED_BYTES || seed.toString('base64url') !== match[2]) return null;
  return { keyId: match[1] as KeyId, seed };
}

export const privateKeyOf = (seed: Uint8Array): KeyObject =>
  createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });

/** The 32 bytes of the public key, base64. */
export function publicKeyOf(seed: Uint8Array): string {
  const spki = createPublicKey(privateKeyOf(seed)).export({ format: 'der', type: 'spki' });
  return spki.subarray(SPKI_PREFIX.length).toString('base64');
}

/** @param bytes the 32 bytes of the public key, base64 */
export const importPublicKey = (bytes: string): KeyObject =>
  createPublicKey({ key: Buffer.concat([SPKI_PREFIX, Buffer.from(bytes, 'base64')]), format: 'der', type: 'spki' });

/** Signed requests as they arrive at the bridge, and a verifier with one key. */
import type { KeyObject } from 'node:crypto';
import { signRequest, type SigningOptions, type UnsignedRequest } from '../../../bridge/src/auth/signer.ts';
import { parsePublicUrl } from '../../../bridge/src/auth/public-urls.ts';
import type { RequestHead } from '../../../bridge/src/auth/request-head.ts';
import { importPublicKey, publicKeyOf, type Secret } from '../../../bridge/src/auth/secret.ts';
import { Verifier, type KnownKeys } from '../../../bridge/src/auth/verifier.ts';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import type { KeyId } from '../../../bridge/src/contract/ids.ts';
import { ed25519 } from './rfc9421.ts';

export const NOW = Date.parse('2026-11-21T12:00:00Z');
export const secret: Secret = { keyId: 'TESTKEY1' as KeyId, seed: ed25519.seed };

export interface Arrived extends RequestHead {
  readonly headers: Readonly<Record<string, string>>;
}

/** How a signed request looks on arrival. */
export function arrive(
  request: UnsignedRequest,
  options: SigningOptions = { now: NOW },
  key: Secret = secret,
): Arrived {
  const url = new URL(request.url);
  const body = request.body === undefined ? 0 : Buffer.byteLength(request.body);
  const headers: Record<string, string> = {
    host: url.host,
    ...request.headers,
    ...(body === 0 ? {} : { 'content-length': String(body) }),
    ...signRequest(request, key, options),
  };
  return {
    method: request.method,
    target: url.pathname + url.search,
    headers,
    rawHeaders: Object.entries(headers).flat(),
  };
}

/** The same request with other headers; null takes one away. */
export function withHeaders(arrived: Arrived, changes: Readonly<Record<string, string | null>>): Arrived {
  const merged = Object.entries({ ...arrived.headers, ...changes }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  return { ...arrived, headers: Object.fromEntries(merged), rawHeaders: merged.flat() };
}

export const keysOf = (...secrets: readonly Secret[]): KnownKeys => {
  const known = new Map<KeyId, KeyObject>(secrets.map((each) => [each.keyId, importPublicKey(publicKeyOf(each.seed))]));
  return {
    publicKey(keyId) {
      const key = known.get(keyId);
      if (key === undefined) throw new WabError('WAB_KEY_UNKNOWN', { keyId });
      return key;
    },
    admit: (keyId) => ({ keyId, scopes: new Set(), sessions: null, expiresAt: null }),
  };
};

export function verifierWith(
  urls: readonly string[],
  {
    now = NOW,
    clock = { now: () => now },
    keys = keysOf(secret),
    restoredAt = null,
  }: { now?: number; clock?: { now(): number }; keys?: KnownKeys; restoredAt?: number | null } = {},
): Verifier {
  const used = new Set<string>();
  return new Verifier({
    keys,
    nonces: {
      use({ keyId, nonce }) {
        if (used.has(`${keyId} ${nonce}`)) return Promise.reject(new WabError('WAB_SIGNATURE_REPLAYED'));
        used.add(`${keyId} ${nonce}`);
        return Promise.resolve();
      },
    },
    publicUrls: () => urls.map(parsePublicUrl),
    clock,
    restoredAt,
  });
}

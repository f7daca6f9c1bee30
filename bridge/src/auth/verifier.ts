/**
 * Decides whether a request was signed by a key of this bridge, from its head alone: no byte of the body is read for
 * a request that nobody signed. The body's digest is compared by who reads the body (`http/plugins/guard.ts`).
 */
import { verify, type KeyObject } from 'node:crypto';
import { WabError } from '../contract/errors.ts';
import type { KeyId } from '../contract/ids.ts';
import type { Clock } from '../ops/clock.ts';
import type { NonceUse } from '../store/auth.repository.ts';
import { EMPTY_SHA256, parseContentDigest } from './content-digest.ts';
import { parseSignature, signatureBase, type ParsedSignature } from './http-signature.ts';
import type { Principal } from './keys.ts';
import { checkComponents, checkParameters, CLOCK_SKEW_SECONDS } from './policy.ts';
import { matchHost, type PublicUrl } from './public-urls.ts';
import { RequestFields, type RequestHead } from './request-head.ts';

export interface VerifiedRequest {
  readonly principal: Principal;
  /** SHA-256 that the body must have, base64; null if the request has no body. */
  readonly bodySha256: string | null;
}

export interface KnownKeys {
  /** @throws WabError WAB_KEY_UNKNOWN */
  publicKey(keyId: KeyId): KeyObject;
  /**
   * The rights of a key whose signature was verified.
   *
   * @throws WabError WAB_KEY_REVOKED, WAB_KEY_NOT_VALID_NOW
   */
  admit(keyId: KeyId, now: number): Principal;
}

export interface VerifierDependencies {
  readonly keys: KnownKeys;
  readonly nonces: { use(use: NonceUse, isRead: boolean): Promise<void> };
  /** Asked at every request: the port may be known only once the server listens. */
  readonly publicUrls: () => readonly PublicUrl[];
  readonly clock: Pick<Clock, 'now'>;
  /** When the database was restored from a backup, in milliseconds; null if never. Nonces of before are forgotten. */
  readonly restoredAt?: number | null;
}

export class Verifier {
  readonly #deps: VerifierDependencies;
  #restoredAt: number | null;

  constructor(deps: VerifierDependencies) {
    this.#deps = deps;
    this.#restoredAt = deps.restoredAt ?? null;
  }

  /**
   * Verifies a request and uses up its nonce.
   *
   * @throws WabError one of the catalogue's errors about signatures and keys
   */
  async verify(head: RequestHead): Promise<VerifiedRequest> {
    const { clock, keys, nonces } = this.#deps;
    const now = clock.now();
    const fields = new RequestFields(head);
    const signatureInput = fields.field('signature-input');
    const signatureField = fields.field('signature');
    if (signatureInput === undefined && signatureField === undefined) throw new WabError('WAB_SIGNATURE_MISSING');
    if (signatureInput === undefined || signatureField === undefined) {
      throw new WabError('WAB_SIGNATURE_MALFORMED', { reason: 'one of Signature-Input and Signature is missing' });
    }
    const signature = parseSignature(signatureInput, signatureField);
    checkComponents(signature.components, fields);
    const { keyId, nonce, usableUntil } = checkParameters(signature, now);
    this.#checkRestore(signature, now);
    const bodySha256 = bodyDigest(signature, fields);
    this.#checkSignature(signature, fields, keys.publicKey(keyId));
    keys.admit(keyId, now);
    await nonces.use({ keyId, nonce, usableUntil }, fields.isRead);
    // Asked again: the key may have been revoked during the write, and a stream opened now would outlive that.
    return { principal: keys.admit(keyId, clock.now()), bodySha256 };
  }

  /** In whole seconds, as `created` is. */
  #checkRestore({ parameters: { created = 0 } }: ParsedSignature, now: number): void {
    // From a clock that was ahead then and was set back since: when it really was is not known, and nobody could sign.
    if (this.#restoredAt !== null && this.#restoredAt > now + CLOCK_SKEW_SECONDS * 1000) this.#restoredAt = null;
    if (this.#restoredAt !== null && created < Math.floor(this.#restoredAt / 1000)) {
      throw new WabError('WAB_SIGNATURE_BEFORE_RESTORE');
    }
  }

  #checkSignature(signature: ParsedSignature, fields: RequestFields, key: KeyObject): void {
    const urls = this.#deps.publicUrls();
    const host = fields.field('host') ?? '';
    const matching = matchHost(urls, host);
    if (matching.length === 0) throw new WabError('WAB_WRONG_AUTHORITY', { seen: shown(host) });
    const good = (url: PublicUrl): boolean => verify(null, baseOf(signature, fields, url), key, signature.signature);
    if (matching.some(good)) return;
    // Right for another of our URLs: something in between replaces the Host header, and the operator must be told.
    const elsewhere = urls.find((url) => !matching.includes(url) && good(url));
    throw elsewhere === undefined
      ? new WabError('WAB_SIGNATURE_INVALID')
      : new WabError('WAB_HOST_REPLACED', { signed: elsewhere.authority + elsewhere.prefix, seen: shown(host) });
  }
}

function baseOf(signature: ParsedSignature, fields: RequestFields, url: PublicUrl): Buffer {
  const derived: Readonly<Record<string, string>> = {
    '@method': fields.method,
    '@authority': url.authority,
    // The client signs the path it asks for; the proxy that owns the prefix takes it off.
    '@path': url.prefix + fields.path,
    '@query': fields.query,
  };
  return signatureBase(
    signature.components,
    (name) => (name.startsWith('@') ? derived[name] : fields.field(name)),
    signature.serialized,
  );
}

function bodyDigest(signature: ParsedSignature, fields: RequestFields): string | null {
  const field = fields.field('content-digest');
  if (field === undefined || !signature.components.includes('content-digest')) return null;
  const digest = parseContentDigest(field);
  if (fields.hasBody) return digest;
  if (digest !== EMPTY_SHA256) throw new WabError('WAB_CONTENT_DIGEST_MISMATCH');
  return null;
}

const shown = (host: string): string => (host === '' ? '(no Host header)' : host.slice(0, 200));

/** Signs requests the way the bridge verifies them: for the CLI, and for tests. The n8n pack has its own. */
import { randomBytes, sign } from 'node:crypto';
import { contentDigest, sha256 } from './content-digest.ts';
import { serializeSignatureParams, signatureBase } from './http-signature.ts';
import { BASE_COMPONENTS, BODY_COMPONENTS, IDEMPOTENCY_COMPONENT, SIGNATURE_ALG, SIGNATURE_TAG } from './policy.ts';
import { privateKeyOf, type Secret } from './secret.ts';

/** Seconds that a signature of ours lives. */
const LIFETIME_SECONDS = 60;

export interface UnsignedRequest {
  readonly method: string;
  /** The final URL: what is signed is what must be sent. */
  readonly url: string | URL;
  /** Only `content-type` and `idempotency-key` are read. Names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** SHA-256 of a body that is streamed, base64, in place of `body`. */
  readonly bodySha256?: string;
}

export interface SigningOptions {
  /** Milliseconds since the epoch. */
  readonly now?: number;
  readonly nonce?: string;
}

/** The headers to add: `signature-input`, `signature` and, with a body, `content-digest`. */
export function signRequest(
  request: UnsignedRequest,
  { keyId, seed }: Secret,
  options: SigningOptions = {},
): Record<string, string> {
  const url = new URL(request.url);
  const digest =
    request.bodySha256 ?? (request.body === undefined || request.body.length === 0 ? undefined : sha256(request.body));
  const headers: Readonly<Record<string, string>> = {
    ...request.headers,
    ...(digest === undefined ? {} : { 'content-digest': contentDigest(digest) }),
  };
  const components = [
    ...BASE_COMPONENTS,
    ...(digest === undefined ? [] : BODY_COMPONENTS),
    ...(headers[IDEMPOTENCY_COMPONENT] === undefined ? [] : [IDEMPOTENCY_COMPONENT]),
  ];
  const created = Math.floor((options.now ?? Date.now()) / 1000);
  const serialized = serializeSignatureParams(components, {
    created,
    expires: created + LIFETIME_SECONDS,
    nonce: options.nonce ?? randomBytes(18).toString('base64url'),
    keyid: keyId,
    alg: SIGNATURE_ALG,
    tag: SIGNATURE_TAG,
  });
  const derived: Record<string, string> = {
    '@method': request.method.toUpperCase(),
    '@authority': url.host,
    '@path': url.pathname,
    '@query': url.search === '' ? '?' : url.search,
  };
  const base = signatureBase(components, (name) => derived[name] ?? headers[name], serialized);
  return {
    ...(digest === undefined ? {} : { 'content-digest': headers['content-digest']! }),
    'signature-input': `wab=${serialized}`,
    signature: `wab=:${sign(null, base, privateKeyOf(seed)).toString('base64')}:`,
  };
}

/**
 * Signs a request for wabridge: Ed25519 under RFC 9421, with Content-Digest (RFC 9530). What is signed must be exactly
 * what is sent, so the final URL and the final bytes come in here. The rules are in the bridge's docs/signing.md.
 */
import { createHash, createPrivateKey, randomBytes, sign, type KeyObject } from 'node:crypto';

/** A key as it is pasted into the credential, taken apart. */
export interface ParsedKey {
  readonly keyId: string;
  readonly privateKey: KeyObject;
}

export interface RequestToSign {
  readonly method: string;
  /** The final URL, with its query. `ws:` and `wss:` are fine too. */
  readonly url: string | URL;
  /** Only Content-Type and Idempotency-Key are signed, in whatever case their names are. */
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly body?: string | Uint8Array;
  /** SHA-256 of a body that is streamed, base64; used in place of `body`. */
  readonly digest?: string;
  readonly key: ParsedKey;
  /** Milliseconds since the epoch. */
  readonly now?: number;
  readonly nonce?: string;
}

const LIFETIME_SECONDS = 60;
/** An Ed25519 private key in PKCS#8 is this, followed by its 32-byte seed. */
const PKCS8_PREFIX = '302e020100300506032b657004220420';
const SIGNING_KEY = /^wabk_([0-9A-Za-z]{4,32})_([0-9A-Za-z_-]{43})$/;

/** @returns null where the text is not a whole key; the text itself is never part of a message */
export function parseSigningKey(text: unknown): ParsedKey | null {
  const match = typeof text === 'string' ? SIGNING_KEY.exec(text.trim()) : null;
  if (match === null) return null;
  const seed = Buffer.from(match[2] as string, 'base64url');
  // 43 characters carry two bits more than a seed; another spelling means that a character was mistyped.
  if (seed.toString('base64url') !== match[2]) return null;
  const privateKey = createPrivateKey({
    key: Buffer.concat([Buffer.from(PKCS8_PREFIX, 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return { keyId: match[1] as string, privateKey };
}

/** SHA-256 in base64, as `digest` takes it. */
export const sha256Base64 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('base64');

/**
 * The headers to add to the request: Signature-Input, Signature and, where there is a body, Content-Digest.
 *
 * @throws Error where the request has a body and no Content-Type: both are signed together
 */
export function signRequest(request: RequestToSign): Record<string, string> {
  const url = new URL(request.url);
  const digest =
    request.digest ??
    (request.body === undefined || request.body.length === 0 ? undefined : sha256Base64(request.body));
  const contentType = headerOf(request.headers, 'content-type');
  const idempotencyKey = headerOf(request.headers, 'idempotency-key');
  if (digest !== undefined && contentType === undefined)
    throw new Error('A request with a body needs a Content-Type before it can be signed.');

  const covered: Array<[string, string]> = [
    ['@method', request.method.toUpperCase()],
    ['@authority', url.host],
    ['@path', url.pathname],
    ['@query', url.search || '?'],
  ];
  if (digest !== undefined)
    covered.push(['content-type', contentType as string], ['content-digest', `sha-256=:${digest}:`]);
  if (idempotencyKey !== undefined) covered.push(['idempotency-key', idempotencyKey]);

  const created = Math.floor((request.now ?? Date.now()) / 1000);
  const nonce = request.nonce ?? randomBytes(18).toString('base64url');
  const names = covered.map(([name]) => `"${name}"`).join(' ');
  const parameters = `(${names});created=${created};expires=${created + LIFETIME_SECONDS};nonce=${quoted(nonce)};keyid=${quoted(request.key.keyId)};alg="ed25519";tag="wabridge"`;
  const base = [...covered.map(([name, value]) => `"${name}": ${value}`), `"@signature-params": ${parameters}`].join(
    '\n',
  );
  return {
    ...(digest === undefined ? {} : { 'content-digest': `sha-256=:${digest}:` }),
    'signature-input': `wab=${parameters}`,
    signature: `wab=:${sign(null, Buffer.from(base), request.key.privateKey).toString('base64')}:`,
  };
}

const quoted = (text: string): string => `"${text.replace(/[\\"]/g, '\\$&')}"`;

/** The value of a header, whatever the case of its name, as it looks on the wire. */
function headerOf(headers: RequestToSign['headers'], name: string): string | undefined {
  const found = Object.entries(headers ?? {}).find(
    ([key, value]) => key.toLowerCase() === name && value !== undefined && value !== null,
  );
  return found === undefined ? undefined : String(found[1]).trim();
}

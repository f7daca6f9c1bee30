/**
 * What wabridge asks of a signature beyond RFC 9421: which components it covers, how long it lives, and what names it.
 * Pure decisions; `verifier.ts` applies them.
 */
import { WabError } from '../contract/errors.ts';
import { KEY_ID_PATTERN, type KeyId } from '../contract/ids.ts';
import type { ParsedSignature } from './http-signature.ts';
import type { RequestFields } from './request-head.ts';

export const SIGNATURE_TAG = 'wabridge';
export const SIGNATURE_ALG = 'ed25519';
/** Longest time between `created` and `expires`, in seconds. */
export const MAX_LIFETIME_SECONDS = 60;
/** How far apart the clocks of client and bridge may be, in seconds. */
export const CLOCK_SKEW_SECONDS = 30;

export const BASE_COMPONENTS: readonly string[] = ['@method', '@authority', '@path', '@query'];
/** Covered whenever there is a body. */
export const BODY_COMPONENTS: readonly string[] = ['content-type', 'content-digest'];
/** Covered whenever the header is there. */
export const IDEMPOTENCY_COMPONENT = 'idempotency-key';

const KEY_ID = new RegExp(KEY_ID_PATTERN);
const NONCE = /^[\x21-\x7e]{16,64}$/;

export interface AcceptedParameters {
  readonly keyId: KeyId;
  readonly nonce: string;
  /** Milliseconds since the epoch after which the signature is refused for its age. */
  readonly usableUntil: number;
}

const malformed = (reason: string): WabError => new WabError('WAB_SIGNATURE_MALFORMED', { reason });

/** @throws WabError WAB_SIGNATURE_MALFORMED if a component is missing that must be covered, or one too many is */
export function checkComponents(covered: readonly string[], fields: RequestFields): void {
  const required = [
    ...BASE_COMPONENTS,
    ...(fields.hasBody ? BODY_COMPONENTS : []),
    ...(fields.field(IDEMPOTENCY_COMPONENT) === undefined ? [] : [IDEMPOTENCY_COMPONENT]),
  ];
  const missing = required.filter((name) => !covered.includes(name));
  if (missing.length > 0) throw malformed(`it does not cover ${missing.join(', ')}`);
  // Without a body these say nothing, but clients send them, and then they may be covered.
  const allowed = [...required, ...BODY_COMPONENTS];
  const foreign = covered.filter((name) => !allowed.includes(name));
  if (foreign.length > 0)
    throw malformed(`it covers ${foreign.join(', ').slice(0, 100)}, which the signing scheme does not allow`);
}

/**
 * @param now milliseconds since the epoch
 * @throws WabError WAB_SIGNATURE_MALFORMED, WAB_SIGNATURE_EXPIRED
 */
export function checkParameters({ parameters, signature }: ParsedSignature, now: number): AcceptedParameters {
  const { created, expires, nonce, keyid, alg, tag } = parameters;
  if (tag !== SIGNATURE_TAG) throw malformed(`its tag is not "${SIGNATURE_TAG}"`);
  if (alg !== SIGNATURE_ALG) throw malformed(`its alg is not "${SIGNATURE_ALG}"`);
  if (signature.length !== 64)
    throw malformed(`an Ed25519 signature has 64 bytes, but this one has ${signature.length}`);
  if (keyid === undefined || !KEY_ID.test(keyid)) throw malformed('keyid is not a wabridge key id');
  if (nonce === undefined || !NONCE.test(nonce)) throw malformed('nonce must have 16 to 64 visible characters');
  if (created === undefined || expires === undefined) throw malformed('created or expires is missing');
  if (expires <= created || expires - created > MAX_LIFETIME_SECONDS) {
    throw malformed(`expires must be 1 to ${MAX_LIFETIME_SECONDS} seconds after created`);
  }
  const usableUntil = (expires + CLOCK_SKEW_SECONDS) * 1000;
  const age = Math.round(now / 1000) - created;
  if (now > usableUntil || now < (created - CLOCK_SKEW_SECONDS) * 1000) {
    throw new WabError('WAB_SIGNATURE_EXPIRED', {
      skewSeconds: Math.abs(age),
      direction: age > 0 ? 'behind' : 'ahead of',
    });
  }
  return { keyId: keyid as KeyId, nonce, usableUntil };
}

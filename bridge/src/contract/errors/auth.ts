/** Signatures, keys and what they allow. */
import type { ErrorDefinition } from './definition.ts';

export const AUTH_ERRORS = {
  WAB_SIGNATURE_MISSING: {
    status: 401,
    retryable: false,
    message:
      'The request is not signed. Sign it with a wabridge key (RFC 9421, tag "wabridge"); in n8n choose the wabridge credential.',
  },
  WAB_SIGNATURE_MALFORMED: {
    status: 401,
    retryable: false,
    message: 'The signature headers are malformed: {reason}. Check the client against the signing guide in the docs.',
  },
  WAB_SIGNATURE_INVALID: {
    status: 401,
    retryable: false,
    message:
      'The signature does not match the request. Check that the whole key was copied and that nothing between client and bridge changes method, path, query or body.',
  },
  WAB_SIGNATURE_EXPIRED: {
    status: 401,
    retryable: false,
    message:
      'The signature is outside its time window: the client’s clock is about {skewSeconds} s {direction} the bridge’s clock. Correct the one that is wrong (NTP).',
  },
  WAB_SIGNATURE_REPLAYED: {
    status: 401,
    retryable: false,
    message: 'This signed request was already received. Sign each request separately, with a new nonce.',
  },
  WAB_SIGNATURE_BEFORE_RESTORE: {
    status: 401,
    retryable: false,
    message:
      'The request was signed before this bridge was restored from a backup, so the bridge cannot tell whether it was already received. Sign the request again.',
  },
  WAB_CONTENT_DIGEST_MISMATCH: {
    status: 400,
    retryable: false,
    message: 'The body does not match its Content-Digest. Sign the exact bytes that are sent.',
  },
  WAB_WRONG_AUTHORITY: {
    status: 401,
    retryable: false,
    message:
      'The request was signed for {seen}, which is not one of this bridge’s public URLs. Add it to the setting publicUrls (WABRIDGE_PUBLIC_URLS), or use a configured URL.',
  },
  WAB_OPS_HOST: {
    status: 421,
    retryable: false,
    message:
      'The ops port answers only on loopback, and this request was addressed to {seen}. Use http://127.0.0.1 with that port, or, from elsewhere, send a signed GET /v1/ready or GET /metrics to the URL of the bridge.',
  },
  WAB_HOST_REPLACED: {
    status: 401,
    retryable: false,
    message:
      'The request was signed for {signed} but arrived with Host {seen}: a proxy in between replaces the Host header. Configure the proxy to forward the client’s Host header (nginx: proxy_set_header Host $http_host).',
  },
  WAB_KEY_UNKNOWN: {
    status: 401,
    retryable: false,
    message:
      'This bridge does not know key {keyId}. Issue one with `wabridge key issue` and put it into the credential.',
  },
  WAB_KEY_REVOKED: {
    status: 401,
    retryable: false,
    message: 'Key {keyId} was revoked. Issue a new one with `wabridge key issue`.',
  },
  WAB_KEY_NOT_VALID_NOW: {
    status: 401,
    retryable: false,
    message: 'Key {keyId} is not valid at this time (valid {window}). Issue a new one with `wabridge key issue`.',
  },
  WAB_SCOPE_MISSING: {
    status: 403,
    retryable: false,
    message:
      'Key {keyId} does not have the scope {scope}. Issue a key that has it: `wabridge key issue --scopes …,{scope}`.',
  },
  WAB_SESSION_NOT_ALLOWED: {
    status: 403,
    retryable: false,
    message:
      'Key {keyId} may not use session {session}. Issue a key that allows it with `wabridge key issue --sessions …`.',
  },
  WAB_LAST_MANAGER_KEY: {
    status: 409,
    retryable: false,
    message:
      'No other key can manage all keys without expiring, so key {keyId} cannot be revoked. First issue another one with the scope keys:manage, no expiry and access to all sessions.',
  },
  WAB_KEY_OUTLIVES_ISSUER: {
    status: 403,
    retryable: false,
    message:
      'Key {keyId} expires at {end}, so it cannot issue a key that expires later. Choose an expiry no later than that, or issue the key with one that does not expire (on the machine of the bridge, `wabridge key issue` signs with such a key).',
  },
  WAB_KEY_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no key {keyId}. List the keys with `wabridge key list`.',
  },
} as const satisfies Record<string, ErrorDefinition>;

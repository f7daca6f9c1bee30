/** Requests that are not understood or cannot be served. */
import type { ErrorDefinition } from './definition.ts';

export const REQUEST_ERRORS = {
  WAB_MALFORMED_JSON: {
    status: 400,
    retryable: false,
    message: 'The body is not valid JSON: {reason}. Send one JSON object encoded as UTF-8.',
  },
  WAB_INVALID_REQUEST: {
    status: 400,
    retryable: false,
    message: 'The request does not match the schema: {reason}. See the OpenAPI document at /v1/openapi.json.',
  },
  WAB_BODY_TOO_LARGE: {
    status: 413,
    retryable: false,
    message:
      'The body is larger than the {limitBytes} allowed here. Upload files with PUT /v1/media/{mediaId} and send their id.',
  },
  WAB_UNSUPPORTED_CONTENT_TYPE: {
    status: 415,
    retryable: false,
    message: 'Content type {contentType} is not accepted here. Use {expected}.',
  },
  WAB_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no route {method} {path}. See the OpenAPI document at /v1/openapi.json.',
  },
  WAB_INGRESS_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message:
      'Nothing takes this request now. Check the engine and the session in its path, and that the session has been started; then send it again.',
  },
  WAB_IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    retryable: false,
    message:
      'This request sends something, so it needs an Idempotency-Key header (1 to 255 visible characters). Use one key per intended message and repeat it on every retry.',
  },
  WAB_IDEMPOTENCY_KEY_REUSED: {
    status: 422,
    retryable: false,
    message:
      'This Idempotency-Key was already used with a different body. Use a new key for a new message, or repeat the original body.',
  },
  WAB_OVERLOADED: {
    status: 503,
    retryable: true,
    message: 'The bridge is at its limit ({what}). Try again in a few seconds.',
  },
  WAB_INTERNAL: {
    status: 500,
    retryable: true,
    message: 'The bridge had an internal error (reference {reference}). Search its log for this reference.',
  },
  WAB_SHUTTING_DOWN: {
    status: 503,
    retryable: true,
    message: 'The bridge is shutting down. Try again after it has restarted.',
  },
} as const satisfies Record<string, ErrorDefinition>;

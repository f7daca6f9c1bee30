/** Sessions and how they are linked. */
import type { ErrorDefinition } from './definition.ts';

export const SESSION_ERRORS = {
  WAB_SESSION_NOT_FOUND: {
    status: 404,
    retryable: false,
    message:
      'There is no session {session}. List the sessions with `wabridge session list`, or add one with `wabridge session add {session}`.',
  },
  WAB_SESSION_EXISTS: {
    status: 409,
    retryable: false,
    message:
      'Session {session} already exists. Choose another name, or delete it first with `wabridge session delete {session}`.',
  },
  WAB_SESSION_NOT_READY: { status: 409, retryable: true, message: 'Session {session} is {state}, not ready. {hint}' },
  WAB_SESSION_STATE: {
    status: 409,
    retryable: false,
    message: 'Session {session} is {state}, which does not allow this: {hint}',
  },
  WAB_SESSION_LIMIT: {
    status: 409,
    retryable: false,
    message:
      'This bridge has reached its limit of {limit} sessions. Stop or delete one, or raise the setting maxSessions (WABRIDGE_MAX_SESSIONS): each session in a browser takes about 0.5 GiB of memory.',
  },
  WAB_PROXY_INVALID: {
    status: 422,
    retryable: false,
    message:
      'The proxy cannot be used: {reason}. Write http://host:port, https://host:port or socks5://host:port; the first two take user:password@ before the host.',
  },
  WAB_SETTINGS_INVALID: {
    status: 422,
    retryable: false,
    message:
      'The settings of session {session} are not those that the engine {engine} needs: {reason}. Correct the field settings of the request; a session that was added before has to be deleted and added again.',
  },
  WAB_QR_NOT_AVAILABLE: {
    status: 409,
    retryable: true,
    message:
      'Session {session} has no QR code to scan: it is {state}. A QR code exists only while the session is awaiting_scan.',
  },
  WAB_PAIRING_CODE_NOT_AVAILABLE: {
    status: 409,
    retryable: true,
    message:
      'Session {session} has no pairing code: it is {state}. Ask for one with `wabridge session pair {session} --phone …` while it is awaiting_scan.',
  },
  WAB_LINKING_UNSUPPORTED: {
    status: 422,
    retryable: false,
    message:
      'The engine {engine} of session {session} does not link accounts by {method}. How it does is listed under capabilities.linking of the session.',
  },
  WAB_PAIRING_REFUSED: {
    status: 422,
    retryable: false,
    message:
      'WhatsApp refused to give a pairing code for this phone number: {reason}. Check the number and its country code, or scan the QR code instead.',
  },
  WAB_PAIRING_LIMITED: {
    status: 429,
    retryable: true,
    message:
      'WhatsApp refuses to give more pairing codes for now: {reason}. Wait a few hours before you ask again, or scan the QR code instead.',
  },
  WAB_PHONE_INVALID: {
    status: 422,
    retryable: false,
    message:
      'This is not a valid phone number: {reason}. Write it with its country code, for example +49 151 23456789.',
  },
  WAB_ENGINE_NOT_ENABLED: {
    status: 409,
    retryable: false,
    message:
      'The engine {engine} is not enabled on this bridge. Enabled: {enabled}. Add it to the setting engines (WABRIDGE_ENGINES).',
  },
  WAB_OPERATION_UNSUPPORTED: {
    status: 422,
    retryable: false,
    message: 'The engine {engine} of session {session} does not support this operation: {operation}.',
  },
  WAB_PROFILE_STORE_UNAVAILABLE: {
    status: 503,
    retryable: true,
    message:
      'The profile store {store} cannot be used now: {reason}. Sessions whose login is on this machine go on; others wait for the store. `wabridge doctor` checks it.',
  },
  WAB_PROFILE_STORE_UNUSABLE: {
    status: 500,
    retryable: false,
    message:
      'The profile store {store} cannot be used: {reason}. Correct that, or WABRIDGE_PROFILES_URL; `wabridge doctor` checks it again.',
  },
  WAB_PROFILE_IN_USE: {
    status: 409,
    retryable: true,
    message:
      'The login of session {session} in {store} is held by another bridge (on {host}, since {since}). Stop the session or that bridge. If it has ended without letting go of the login, this one takes it over after four minutes without a sign of life.',
  },
  WAB_PROFILE_CONFLICT: {
    status: 409,
    retryable: false,
    message:
      'Session {session} has a login on this machine ({folder}) that was never copied to {store}, and the store has another one. To use the stored one, stop the session and remove that folder. To keep the one of this machine, remove the folder of the session from the store, or choose another prefix in WABRIDGE_PROFILES_URL.',
  },
  WAB_PROFILE_KEY_WRONG: {
    status: 500,
    retryable: false,
    message:
      'The login of session {session} in {store} is encrypted with another master key. Set WABRIDGE_MASTER_KEY or WABRIDGE_MASTER_KEY_FILE to the key of the bridge that wrote it.',
  },
  WAB_PROFILE_DAMAGED: {
    status: 500,
    retryable: false,
    message:
      'The login of session {session} in {store} cannot be restored: {reason}. To link the account again instead, remove the folder of the session from the store, and start the session.',
  },
} as const satisfies Record<string, ErrorDefinition>;

/**
 * The one catalogue of errors. Codes are never reused. `message` is a template: `{name}` is filled from the details.
 * It says what is wrong and what to do next. `bridge/docs/errors.md` is held against this file by a test, both ways.
 */
export interface ErrorDefinition {
  readonly status: number;
  /** Whether repeating the same request later can succeed without anybody changing anything. */
  readonly retryable: boolean;
  readonly message: string;
}

export const ERRORS = {
  // requests
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
  // signatures and keys
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
  // sessions
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
  // sends
  WAB_ADDRESS_INVALID: {
    status: 422,
    retryable: false,
    message: 'This is not a WhatsApp address: {reason}. Use a phone number with its country code, or a chat id.',
  },
  WAB_CHAT_UNKNOWN: {
    status: 422,
    retryable: false,
    message: 'WhatsApp has no chat or account with this address. Check the number and its country code.',
  },
  WAB_QUOTED_UNKNOWN: {
    status: 422,
    retryable: false,
    message: 'This session does not have the message to reply to. Check its id, or send the message without a quote.',
  },
  WAB_MESSAGE_UNKNOWN: {
    status: 422,
    retryable: false,
    message:
      'This session does not have this message in this chat. Take the message id and the chat from the same event of this session.',
  },
  WAB_EMOJI_INVALID: {
    status: 422,
    retryable: false,
    message: 'The reaction is not a single emoji. Send exactly one emoji, or an empty text to remove the reaction.',
  },
  WAB_TEXT_BLANK: {
    status: 422,
    retryable: false,
    message:
      'The {field} is blank: it is empty or has only spaces and invisible characters. {next} In a workflow, the usual cause is an expression that returns nothing.',
  },
  WAB_OUTBOX_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no outbox message {id}. List them with `wabridge outbox list`.',
  },
  WAB_OUTBOX_STATE: {
    status: 409,
    retryable: false,
    message: 'Outbox message {id} is {state}, which does not allow this: {hint}',
  },
  WAB_ACCOUNT_CHANGED: {
    status: 409,
    retryable: false,
    message:
      'The message was accepted for the account that was linked to this session at the time, and {reason}. It was not sent. To send it from the account that is linked now, send it as a new message.',
  },
  WAB_ACCOUNT_UNKNOWN: {
    status: 409,
    retryable: false,
    message:
      'The message is not sent again, because its account is unknown: an earlier version of wabridge did not record it, and the session may have been unlinked since then. Check on the phone whether it arrived; if it is in doubt, settle it with `wabridge outbox resolve {id} --as sent|failed`. To send it from the account that is linked now, send it as a new message.',
  },
  WAB_SEND_REFUSED: { status: 422, retryable: false, message: 'WhatsApp refused the message: {reason}.' },
  WAB_SEND_FAILED: {
    status: 503,
    retryable: true,
    message:
      'WhatsApp Web could not send the message: {reason}. The bridge retries it a few times, with growing pauses.',
  },
  WAB_SEND_EXPIRED: {
    status: 410,
    retryable: false,
    message:
      'The message was not sent before its deadline and will not be sent: {reason}. Send it again if it still matters; expiresInSeconds sets how long a message may wait.',
  },
  WAB_SEND_GAVE_UP: {
    status: 503,
    retryable: false,
    message:
      'The bridge tried to send the message {attempts} times and stopped trying: {reason}. Send it again if it still matters.',
  },
  WAB_SEND_LOST: {
    status: 503,
    retryable: true,
    message: 'The message did not reach WhatsApp: {reason}. The bridge sends it again.',
  },
  WAB_SEND_IN_DOUBT: {
    status: 409,
    retryable: false,
    message:
      'It is not known whether the message was sent: {reason}. Check on the phone, then settle it with `wabridge outbox resolve {id} --as sent|failed|resend`.',
  },
  WAB_SEND_REPEATED: {
    status: 503,
    retryable: true,
    message:
      'It is not known whether this reached WhatsApp: {reason}. The bridge sends it again, which changes nothing if it did.',
  },
  WAB_OPERATION_FAILED: {
    status: 503,
    retryable: true,
    message:
      'WhatsApp did not do this in session {session}: {reason}. The bridge does not retry it; repeat the request if it still matters.',
  },
  // media
  WAB_MEDIA_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no media file {mediaId}. It may have expired; upload it again with PUT /v1/media/{mediaId}.',
  },
  WAB_MEDIA_PENDING: {
    status: 409,
    retryable: true,
    message: 'Media {mediaId} is still being fetched from WhatsApp. Ask again with ?waitMs=.',
  },
  WAB_MEDIA_FAILED: {
    status: 410,
    retryable: false,
    message: 'Media {mediaId} could not be fetched from WhatsApp: {reason}.',
  },
  WAB_MEDIA_EXISTS: {
    status: 409,
    retryable: false,
    message: 'Media {mediaId} already exists with different content. Upload the file under a new id.',
  },
  WAB_MEDIA_TOO_LARGE: {
    status: 413,
    retryable: false,
    message: 'The file is larger than the {limitBytes} allowed for {kind}. Send a smaller file.',
  },
  WAB_MEDIA_TYPE: {
    status: 415,
    retryable: false,
    message: 'The file is {found}, which cannot be sent as {kind}. Convert it, or send it as a document.',
  },
  WAB_STORAGE_FULL: {
    status: 507,
    retryable: true,
    message:
      'The media store is full ({usedBytes} of {quotaBytes}). Free space, or raise the setting mediaQuotaBytes (WABRIDGE_MEDIA_QUOTA_BYTES).',
  },
  // stream
  WAB_CURSOR_INVALID: {
    status: 400,
    retryable: false,
    message: 'The cursor is not valid. Use one that this bridge returned, or `earliest` or `latest`.',
  },
  WAB_FRAME_INVALID: {
    status: 400,
    retryable: false,
    message: 'The frame is not valid in the protocol wabridge.v1: {reason}.',
  },
  WAB_SUBSCRIPTION_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no subscription {subscription}. List them with `wabridge subscriptions list`.',
  },
  WAB_EVENT_GONE: {
    status: 410,
    retryable: false,
    message:
      'The event {eventId} was removed by retention or erased, so it cannot be delivered again. Discard the dead letter.',
  },
  WAB_SUBSCRIPTION_BUSY: {
    status: 409,
    retryable: true,
    message:
      'Another connection uses the subscription {subscription}, and this one asked not to take it over. Close the other connection (for example a copy of this n8n), or publish the workflow again to take the subscription over.',
  },
  WAB_SUBSCRIPTION_PAUSED: {
    status: 409,
    retryable: false,
    message:
      'The subscription {subscription} is paused because nobody reads it, so a redriven event would not be delivered now. Publish its workflow first, then redrive the dead letter; it is kept until then.',
  },
  WAB_DEAD_LETTER_NOT_FOUND: {
    status: 404,
    retryable: false,
    message: 'There is no dead letter {id}. List them with `wabridge dead-letters list`.',
  },
  // sandbox
  WAB_SANDBOX_ONLY: {
    status: 409,
    retryable: false,
    message: 'Session {session} runs on the engine {engine}; only a sandbox session has a simulated phone.',
  },
  // operations
  WAB_CONFIG_INVALID: { status: 500, retryable: false, message: 'The settings are not valid: {reason}' },
  WAB_BROWSER_NOT_FOUND: {
    status: 500,
    retryable: false,
    message:
      'No usable browser was found: {reason}. Run `wabridge browser install`, or install one (Debian: apt-get install chromium-headless-shell) and, if the bridge does not find it, set browserPath (WABRIDGE_BROWSER_PATH) to its path.',
  },
  WAB_BROWSER_INSTALL_FAILED: {
    status: 500,
    retryable: false,
    message:
      'The browser could not be installed: {reason}. Check the network, or install chromium-headless-shell, chromium or Chrome another way and set browserPath (WABRIDGE_BROWSER_PATH) to its path.',
  },
  WAB_DATABASE_LOCKED: {
    status: 500,
    retryable: false,
    message:
      'The data folder {folder} is in use by another wabridge (process {pid}). Stop it first, or choose another folder with WABRIDGE_DATA_DIR.',
  },
  WAB_PORT_IN_USE: {
    status: 500,
    retryable: false,
    message:
      'Another program, perhaps a second wabridge, already listens on {address}. Stop it, or choose another port with {setting}.',
  },
  WAB_ADDRESS_UNUSABLE: { status: 500, retryable: false, message: 'The bridge cannot listen on {address}: {reason}.' },
  WAB_PATH_UNUSABLE: {
    status: 500,
    retryable: false,
    message:
      'The path {path} cannot be used: {reason}. Fix that, or choose another path (for the data folder, set WABRIDGE_DATA_DIR).',
  },
  WAB_DATABASE_DAMAGED: {
    status: 500,
    retryable: false,
    message:
      'The database in {folder} is damaged: {reason}. Keep a copy of the folder, check the disk, and restore a backup with `wabridge restore <backup>`; the runbook says what to do if you have none.',
  },
  WAB_DATABASE_NEWER: {
    status: 500,
    retryable: false,
    message:
      'The database was last used by a newer version of wabridge (this version does not know its schema {schema}). Start the newer version, or restore a backup made by this version.',
  },
  WAB_DATABASE_EMPTY: {
    status: 500,
    retryable: false,
    message:
      'The database {file} is missing or empty, but {beside} shows that this data folder has been used before. Restore the database (`wabridge restore <backup>`), or move the empty file and {beside} away to start over.',
  },
  WAB_DISK_FULL: {
    status: 507,
    retryable: true,
    message: 'The disk that holds the data folder is full. Free some space; nothing from this request was stored.',
  },
  WAB_BACKUP_EXISTS: {
    status: 409,
    retryable: false,
    message: 'The file {file} already exists. Choose a new name for the backup.',
  },
  WAB_BACKUP_INVALID: { status: 422, retryable: false, message: 'The backup {file} cannot be restored: {reason}.' },
  WAB_PASSPHRASE_MISSING: {
    status: 400,
    retryable: false,
    message:
      'A backup of a login state is encrypted with a passphrase, and {reason}. Write the passphrase to a file and pass its path with --passphrase-file, set WABRIDGE_PASSPHRASE, or run the command in a terminal, where it asks for the passphrase.',
  },
  WAB_PASSPHRASE_WRONG: {
    status: 422,
    retryable: false,
    message:
      'The passphrase does not open {file}, or the beginning of the file was changed. Nothing was restored. Use the passphrase that the backup was made with.',
  },
  WAB_LOGIN_ABSENT: {
    status: 404,
    retryable: false,
    message:
      'There is no login state for session {session} in {folder}, or the session is not linked yet. Set the data folder with --data-dir or WABRIDGE_DATA_DIR; only sessions of the engine webjs have a login state to back up.',
  },
  WAB_LOGIN_EXISTS: {
    status: 409,
    retryable: false,
    message:
      'The folder {folder} already has a login state for session {session}. Restore with --replace to discard it, or back it up first with `wabridge session backup {session} <file>`.',
  },
  WAB_LOGIN_IN_USE: {
    status: 409,
    retryable: false,
    message:
      'The login state of session {session} is in use. Stop the session with `wabridge session stop {session}`, or the bridge that runs it, and try again.',
  },
} as const satisfies Record<string, ErrorDefinition>;

export type ErrorCode = keyof typeof ERRORS;
/** Codes of earlier versions, which no other error may take. */
export const RETIRED_CODES = ['WAB_ACT_NOT_DONE'] as const;

type Details = Readonly<Record<string, string | number>>;

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** A size for a person, in units of 1,024 as file managers show them. */
function sizeText(bytes: number): string {
  const unit = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
  return `${Number((bytes / 1_024 ** unit).toFixed(1))} ${UNITS[unit]}`;
}

/** What stands for `{name}`; details in bytes are named so. */
function detailText(details: Details, name: string, placeholder: string): string {
  const value = details[name] ?? placeholder;
  return typeof value === 'number' && /Bytes$/.test(name) ? sizeText(value) : String(value);
}

interface WabErrorOptions {
  readonly cause?: unknown;
  /** What the caller gave and gets back in the answer, and nobody else: it may be a phone number. */
  readonly given?: string;
}

/** The longest that an answer repeats of what it was given, in characters. */
const MAX_GIVEN = 80;

/** An error of the catalogue. The message never holds a key, token, phone number or message body. */
export class WabError extends Error {
  readonly code: ErrorCode;
  readonly details: Details;
  // Private, so that a logger that writes an error with its members does not write it.
  readonly #given: string | undefined;

  constructor(code: ErrorCode, details: Details = {}, options: WabErrorOptions = {}) {
    super(
      ERRORS[code].message.replace(/\{(\w+)\}/g, (placeholder, name: string) => detailText(details, name, placeholder)),
      'cause' in options ? { cause: options.cause } : undefined,
    );
    this.name = 'WabError';
    this.code = code;
    this.details = details;
    this.#given = options.given;
  }

  /** The message for the caller alone, with what the caller gave. Not for a log, a job or an event. */
  get answer(): string {
    if (this.#given === undefined) return this.message;
    // A mark that nobody sees is what makes a number puzzling.
    const shown = this.#given
      .slice(0, MAX_GIVEN)
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (mark) => `\\u{${mark.codePointAt(0)?.toString(16)}}`);
    return `${this.message} Given: "${shown}".`;
  }

  get status(): number {
    return ERRORS[this.code].status;
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable;
  }
}

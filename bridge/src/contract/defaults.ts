/** Defaults and limits that more than one part states: settings, routes, the command line, the n8n nodes and the docs. */

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 8477;
/** Where clients on the same machine look for the bridge unless told otherwise. */
export const DEFAULT_BASE_URL = `http://${DEFAULT_HOST}:${DEFAULT_PORT}`;

/** Interval of heartbeats on a stream, in milliseconds. */
export const DEFAULT_HEARTBEAT_MS = 15_000;
/** Refusals after which an event becomes a dead letter of its subscription. */
export const DEFAULT_MAX_REFUSALS = 8;
/** Deliveries ended by a lost connection after which an event becomes a dead letter. */
export const DEFAULT_MAX_LOSSES = 20;
/** Positions that a subscription remembers beyond a busy chat. */
export const DEFAULT_READ_AHEAD = 10_000;
/** Days that events are kept, and after which a durable subscription that nobody uses is removed. */
export const DEFAULT_EVENT_RETENTION_DAYS = 30;
/** Days after which a durable subscription that nobody reads collects no more events. */
export const DEFAULT_PAUSE_DAYS = 7;

/** Longest time that a request may wait for its result (`waitMs`), in milliseconds. */
export const MAX_WAIT_MS = 60_000;
/** How long our own clients let one request wait, in milliseconds: strict proxies cut a request off after 30 s. */
export const CLIENT_WAIT_MS = 20_000;
/** How long our own clients wait until WhatsApp has accepted a message, in seconds. */
export const DEFAULT_SEND_WAIT_SECONDS = 10;
/** Days that an idempotency key replays its first answer. */
export const IDEMPOTENCY_DAYS = 7;

/** Items of a list in one answer, unless the client asks for another number. */
export const DEFAULT_LIST_LIMIT = 50;
/** The same for pages of the event log. */
export const DEFAULT_EVENT_LIMIT = 100;
/** Most items in one answer. */
export const MAX_LIST_LIMIT = 500;
/** Longest time that a message may wait to be sent, in seconds. */
export const MAX_EXPIRY_SECONDS = 86_400;

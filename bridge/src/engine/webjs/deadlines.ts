/** How long things may take, in milliseconds. Nothing in a browser is waited for without a limit. */
export interface Deadlines {
  /** Browser start, page load and the library's injection together. */
  readonly start: number;
  /** From a new document until it shows that it is WhatsApp Web. */
  readonly document: number;
  /** One call into the page. */
  readonly call: number;
  /** A send in the page, without media and with it. */
  readonly send: number;
  readonly media: number;
  /** From the send until WhatsApp's server has taken the message. */
  readonly ack: number;
  /** How long a pairing code holds. */
  readonly pairingCode: number;
  /** A polite end of the browser, before it is killed. */
  readonly close: number;
  /** How often the page's state is looked at before the session is ready, and after. */
  readonly watchStarting: number;
  readonly watchReady: number;
  /** Looks in a row without an answer before the page counts as dead. */
  readonly missedLooks: number;
  /** From a finished sync to `ready`, before the library is told again. */
  readonly readyAfterSync: number;
}

export const DEADLINES: Deadlines = {
  start: 90_000,
  document: 30_000,
  call: 30_000,
  send: 45_000,
  media: 120_000,
  ack: 30_000,
  pairingCode: 180_000,
  close: 5_000,
  watchStarting: 500,
  watchReady: 10_000,
  missedLooks: 3,
  readyAfterSync: 1_500,
};

/** The way to the page is broken or too slow: what was asked may or may not have happened. */
export class TransportError extends Error {
  constructor(what: string, options?: { cause?: unknown }) {
    super(what, options);
    this.name = 'TransportError';
  }
}

/**
 * Waits for a promise for a limited time.
 *
 * @throws TransportError when the time is over; the work itself goes on unwatched, and its failure is swallowed
 */
export async function within<T>(promise: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new TransportError(`${what} took longer than ${ms} ms`)), ms);
  });
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
}

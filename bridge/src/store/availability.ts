/**
 * Whether the database answers. SQLite always does. A database server can be away for a while; reads and writes wait for
 * it then, and what must not wait that long (an HTTP request, a stop) learns of the outage here.
 */
export interface Outage {
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** For an operator: which server, and what is wrong with it. No credentials. */
  readonly reason: string;
}

export interface Availability {
  /** Null while the database answers. */
  readonly outage: Outage | null;
  /**
   * Calls the listener once an outage has lasted too long for a client to wait for its end: at once where that is so
   * already.
   *
   * @returns ends the watch
   */
  onOverdue(listener: (outage: Outage) => void): () => void;
  /**
   * The bridge stops: from now on, reads and writes that wait for a database that is away are refused with
   * WAB_SHUTTING_DOWN instead.
   */
  stopWaiting(): void;
}

/** Of a database in this process. */
export const ALWAYS_AVAILABLE: Availability = {
  outage: null,
  onOverdue: () => () => undefined,
  stopWaiting: () => undefined,
};

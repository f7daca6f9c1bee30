/** Keeps track of outages of the database server: one line in the log when one begins and when it ends. */
import { WabError } from '../../contract/errors.ts';
import type { Availability, Outage } from '../availability.ts';

export interface OutageLog {
  warn(fields: object, message: string): void;
  info(fields: object, message: string): void;
}

/** How long a client may be kept waiting for the end of an outage, in milliseconds. */
const PATIENCE_MS = 3_000;

/** Who noticed: the connection that writes, or those that read. */
export type Observer = 'writes' | 'reads';

export class OutageWatch implements Availability {
  readonly #log: OutageLog;
  readonly #server: string;
  readonly #patienceMs: number;
  readonly #observers = new Set<Observer>();
  readonly #listeners = new Set<(outage: Outage) => void>();
  readonly #stopping = new AbortController();
  #outage: Outage | null = null;
  #timer: NodeJS.Timeout | undefined;
  #isOverdue = false;

  /** @param server for people, without credentials */
  constructor(server: string, log: OutageLog, patienceMs = PATIENCE_MS) {
    this.#server = server;
    this.#log = log;
    this.#patienceMs = patienceMs;
  }

  get outage(): Outage | null {
    return this.#outage;
  }

  get server(): string {
    return this.#server;
  }

  /** Fires once nothing may wait for the database any more. */
  get stopping(): AbortSignal {
    return this.#stopping.signal;
  }

  onOverdue(listener: (outage: Outage) => void): () => void {
    if (this.#outage && this.#isOverdue) listener(this.#outage);
    // A function of its own each time, so that the same listener can be registered twice.
    const entry = (outage: Outage): void => listener(outage);
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  stopWaiting(): void {
    this.#stopping.abort(new WabError('WAB_SHUTTING_DOWN'));
  }

  /** The server does not serve. Once for each thing that is wrong, or as often as it is noticed. */
  begin(observer: Observer, problem: string): void {
    this.#observers.add(observer);
    const reason = `PostgreSQL at ${this.#server}: ${problem}`;
    if (this.#outage) {
      this.#outage = { ...this.#outage, reason };
      return;
    }
    this.#outage = { since: Date.now(), reason };
    this.#log.warn({ server: this.#server, problem }, 'the database is not available; reads and writes wait for it');
    this.#timer = setTimeout(() => this.#overdue(), this.#patienceMs).unref();
  }

  /** The server serves this observer again. */
  end(observer: Observer): void {
    if (!this.#observers.delete(observer) || this.#observers.size > 0 || !this.#outage) return;
    const seconds = Math.round((Date.now() - this.#outage.since) / 100) / 10;
    this.#outage = null;
    this.#isOverdue = false;
    clearTimeout(this.#timer);
    this.#log.info({ server: this.#server, seconds }, 'the database is available again');
  }

  #overdue(): void {
    if (!this.#outage) return;
    this.#isOverdue = true;
    for (const listener of this.#listeners) listener(this.#outage);
  }
}

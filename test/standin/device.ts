/** A linked device: what waits for it, and its connection while it has one. */
import type { KeptFrame, ServerFrame } from './frames.ts';

export interface Connection {
  send(frame: ServerFrame): void;
  /** Cuts the line; the page tries again by itself. */
  drop(): void;
}

export class Device {
  readonly credential: string;
  /** The id under which this device keeps a message that its account sent, by stanza. */
  readonly ids = new Map<string, string>();
  #connection: Connection | null = null;
  #kept: (KeptFrame & { number: number })[] = [];
  #next = 1;

  constructor(credential: string) {
    this.credential = credential;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  uses(connection: Connection): boolean {
    return this.#connection === connection;
  }

  /** The newest connection wins; the one before is told of the conflict. */
  connect(connection: Connection): void {
    this.#connection?.send({ type: 'conflict' });
    this.#connection = connection;
  }

  disconnect(connection: Connection): void {
    if (this.#connection === connection) this.#connection = null;
  }

  drop(): void {
    this.#connection?.drop();
  }

  tell(frame: ServerFrame): void {
    this.#connection?.send(frame);
  }

  /** Keeps a frame until the page has confirmed it, and sends it now if there is a connection. */
  keep(frame: KeptFrame): void {
    const numbered = { ...frame, number: this.#next++ };
    this.#kept.push(numbered);
    this.tell(numbered);
  }

  confirm(number: number): void {
    this.#kept = this.#kept.filter((frame) => frame.number !== number);
  }

  get backlog(): readonly (KeptFrame & { number: number })[] {
    return [...this.#kept];
  }
}

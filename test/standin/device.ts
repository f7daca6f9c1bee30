/** A linked device: what waits for it, and its connection while it has one. */
import type { KeptFrame, ServerFrame } from './frames.ts';

export interface Connection {
  /** Which load of the page this is. */
  readonly page: string;
  send(frame: ServerFrame): void;
  /** Cuts the line; the page tries again by itself. */
  drop(): void;
  /** From now on nothing passes in either direction, while the page believes that the line is up. */
  mute(): void;
}

export class Device {
  readonly credential: string;
  /** The id under which this device keeps a message that its account sent, by stanza. */
  readonly ids = new Map<string, string>();
  #connection: Connection | null = null;
  /** By number, oldest first. */
  readonly #kept = new Map<number, KeptFrame & { number: number }>();
  #next = 1;

  constructor(credential: string) {
    this.credential = credential;
  }

  get connected(): boolean {
    return this.#connection !== null;
  }

  /** The load of the page that is connected as this device. */
  get page(): string | null {
    return this.#connection?.page ?? null;
  }

  uses(connection: Connection): boolean {
    return this.#connection === connection;
  }

  /** The newest connection wins; the one before is told of the conflict. */
  connect(connection: Connection): void {
    if (this.#connection !== connection) this.#connection?.send({ type: 'conflict' });
    this.#connection = connection;
  }

  disconnect(connection: Connection): void {
    if (this.#connection === connection) this.#connection = null;
  }

  drop(): void {
    this.#connection?.drop();
  }

  /** The line is dead without anybody having noticed: until the page connects anew nothing passes. */
  mute(): void {
    this.#connection?.mute();
  }

  tell(frame: ServerFrame): void {
    this.#connection?.send(frame);
  }

  /** Keeps a frame until the page has confirmed it, and sends it now if there is a connection. */
  keep(frame: KeptFrame): void {
    const numbered = { ...frame, number: this.#next++ };
    this.#kept.set(numbered.number, numbered);
    this.tell(numbered);
  }

  confirm(number: number): void {
    this.#kept.delete(number);
  }

  get backlog(): readonly (KeptFrame & { number: number })[] {
    return [...this.#kept.values()];
  }
}

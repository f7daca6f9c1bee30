/**
 * One connection between the simulated network and the linked device. Facts go out in order, within a window, and stay
 * the network's until the device confirms them.
 */
import { ConnectionLost, type DeviceEvent, type NetworkFact } from './phone-network.ts';
import { never } from './account-context.ts';
import type { AccountMemory } from './account-memory.ts';

/** The account's side of a connection. */
export interface ConnectionHost {
  goOnline(connection: LocalDeviceConnection): void;
  confirm(number: number): void;
  left(connection: LocalDeviceConnection): void;
  repeats(): boolean;
}

/** Unconfirmed facts on the connection at once. */
const WINDOW = 512;

export class LocalDeviceConnection {
  readonly #host: ConnectionHost;
  readonly #memory: AccountMemory;
  readonly #listener: (event: DeviceEvent) => void;
  readonly #asked = new Set<(error: ConnectionLost) => void>();
  readonly #unconfirmed = new Set<number>();
  #open = true;
  #online = false;
  #reached = 0;

  constructor(host: ConnectionHost, memory: AccountMemory, listener: (event: DeviceEvent) => void) {
    this.#host = host;
    this.#memory = memory;
    this.#listener = listener;
  }

  /** Whether the device is connected and ready. */
  get isOnline(): boolean {
    return this.#open && this.#online;
  }

  emit(event: DeviceEvent): void {
    if (this.#open) this.#listener(event);
  }

  /** Starts delivery, with what is to be repeated first. */
  deliverFrom(repeated: Iterable<readonly [number, NetworkFact]>): void {
    this.#online = true;
    // What lies before the oldest undelivered fact was confirmed on earlier connections.
    const oldest = this.#memory.undelivered.keys().next().value;
    this.#reached = (oldest ?? this.#memory.lastNumber + 1) - 1;
    for (const [number, fact] of repeated) this.emit({ on: 'fact', number, fact });
    this.deliverPending();
  }

  /** Delivers what waits, as far as the window has room. */
  deliverPending(): void {
    while (this.isOnline && this.#unconfirmed.size < WINDOW && this.#reached < this.#memory.lastNumber) {
      this.#reached += 1;
      const fact = this.#memory.undelivered.get(this.#reached);
      if (!fact) continue;
      this.#unconfirmed.add(this.#reached);
      this.emit({ on: 'fact', number: this.#reached, fact });
      if (this.#host.repeats()) this.emit({ on: 'fact', number: this.#reached, fact });
    }
  }

  /** Ends the connection from the network's side; `last` is the device's last word from us. */
  cut(last: DeviceEvent): void {
    if (!this.#open) return;
    this.emit(last);
    this.#end('the simulated connection broke');
  }

  // --- what the device does

  online(): void {
    if (this.#open && !this.#online) this.#host.goOnline(this);
  }

  confirm(number: number): void {
    if (!this.#open) return;
    this.#unconfirmed.delete(number);
    this.#host.confirm(number);
    this.deliverPending();
  }

  close(): void {
    if (!this.#open) return;
    this.#end('the device closed the connection');
    this.#host.left(this);
  }

  /** Answers only while the connection is up; a question that the network swallowed ends with it. */
  ask<T>(answer: () => T | Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (!this.#open) return reject(new ConnectionLost('the simulated connection is gone'));
      this.#asked.add(reject);
      // In a later turn, as over any network.
      setImmediate(() => {
        void Promise.resolve()
          .then(() => (this.#open ? answer() : never<T>()))
          .then(resolve, reject)
          .finally(() => this.#asked.delete(reject));
      });
    });
  }
  #end(reason: string): void {
    this.#open = false;
    for (const reject of this.#asked) reject(new ConnectionLost(reason));
    this.#asked.clear();
  }
}

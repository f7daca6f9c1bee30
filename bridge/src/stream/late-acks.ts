/** Acknowledgements of deliveries that were given up already, gathered while a write is under way. */
import type { Seq } from '../contract/ids.ts';
import { Pump } from '../ops/pump.ts';

/** More than these are not honoured: a client that floods the bridge with old answers must not fill its memory. */
const MAX_WAITING = 1_000;

export class LateAcks {
  readonly #settle: (acks: ReadonlyMap<Seq, number>) => Promise<void>;
  #waiting = new Map<Seq, number>();
  /** What came in the same frame goes into the same write. */
  readonly #pump = new Pump(() => this.#settleWaiting());

  /** @param settle must not reject */
  constructor(settle: (acks: ReadonlyMap<Seq, number>) => Promise<void>) {
    this.#settle = settle;
  }

  add(seq: Seq, attempt: number): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(seq, attempt);
    this.#pump.wake();
  }

  #settleWaiting(): Promise<void> {
    const acks = this.#waiting;
    this.#waiting = new Map();
    return this.#settle(acks);
  }
}

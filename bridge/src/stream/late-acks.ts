/** Acknowledgements of deliveries that were given up already, gathered while a write is under way. */
import type { Seq } from '../contract/ids.ts';

/** More than these are not honoured: a client that floods the bridge with old answers must not fill its memory. */
const MAX_WAITING = 1_000;

export class LateAcks {
  readonly #settle: (acks: ReadonlyMap<Seq, number>) => Promise<void>;
  #waiting = new Map<Seq, number>();
  #isSettling = false;

  /** @param settle must not reject */
  constructor(settle: (acks: ReadonlyMap<Seq, number>) => Promise<void>) {
    this.#settle = settle;
  }

  add(seq: Seq, attempt: number): void {
    if (this.#waiting.size < MAX_WAITING) this.#waiting.set(seq, attempt);
    if (!this.#isSettling) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isSettling = true;
    // What came in the same frame goes into the same write.
    await Promise.resolve();
    while (this.#waiting.size > 0) {
      const acks = this.#waiting;
      this.#waiting = new Map();
      await this.#settle(acks);
    }
    this.#isSettling = false;
  }
}

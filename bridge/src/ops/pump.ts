/** Work in rounds: one round at a time, and one more for everything that was asked for meanwhile. */
export class Pump {
  readonly #round: () => Promise<unknown>;
  readonly #gather: () => Promise<unknown>;
  #running: Promise<void> | null = null;
  #isAsked = false;
  #isOver = false;

  /**
   * @param round takes up all that waits, or a part of it and wakes the pump for the rest. Must not reject
   * @param gather how long the first round waits for more that is asked for at the same time; by default a microtask
   */
  constructor(round: () => Promise<unknown>, gather: () => Promise<unknown> = () => Promise.resolve()) {
    this.#round = round;
    this.#gather = gather;
  }

  /** There is work: a round begins, or another one after that under way. Has no effect after the end. */
  wake(): void {
    if (this.#isOver) return;
    this.#isAsked = true;
    this.#running ??= this.#run();
  }

  /** Resolves when no round is under way and none was asked for. */
  async idle(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  /** No further round begins. Resolves when that under way has ended. */
  end(): Promise<void> {
    this.#isOver = true;
    return this.idle();
  }

  async #run(): Promise<void> {
    await this.#gather();
    while (this.#isAsked && !this.#isOver) {
      this.#isAsked = false;
      await this.#round();
    }
    // In the same turn in which nothing was left to do: what is asked for after it begins another run.
    this.#running = null;
  }
}

/** One after the other, per key; work of different keys runs at the same time. */
export class KeyedQueue<Key extends string = string> {
  /** The end of what was asked for last. An entry goes when that is over. */
  readonly #ends = new Map<Key, Promise<void>>();

  /** Runs when all that was asked for under this key before is over, whatever became of it. */
  run<Result>(key: Key, work: () => Promise<Result>): Promise<Result> {
    const result = this.ended(key).then(work);
    const end = result.then(
      () => undefined,
      () => undefined,
    );
    this.#ends.set(key, end);
    void end.then(() => {
      if (this.#ends.get(key) === end) this.#ends.delete(key);
    });
    return result;
  }

  /** Resolves when what was asked for under this key until now is over. */
  ended(key: Key): Promise<void> {
    return this.#ends.get(key) ?? Promise.resolve();
  }

  /** Resolves when what was asked for until now is over. */
  async allEnded(): Promise<void> {
    await Promise.all(this.#ends.values());
  }

  /** Resolves when nothing is under way, not even what was asked for meanwhile. */
  async idle(): Promise<void> {
    while (this.#ends.size > 0) await this.allEnded();
  }
}

/** One after the other, per name. */
export class NameLocks {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs when all that was asked for under this name before is over, whatever became of it. */
  run<R>(name: string, work: () => Promise<R>): Promise<R> {
    const result = (this.#tails.get(name) ?? Promise.resolve()).then(work, work);
    const tail = result.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(name, tail);
    void tail.then(() => {
      if (this.#tails.get(name) === tail) this.#tails.delete(name);
    });
    return result;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }
}

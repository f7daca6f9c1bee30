/** A list that others watch grow: what is in it, and a wait until there is enough. */
export class Arrivals<Item> {
  readonly #items: () => Iterable<Item>;
  readonly #waiting = new Set<(arrived: Item | null) => void>();
  #closed = false;

  /** @param items everything there is, oldest first */
  constructor(items: () => Iterable<Item>) {
    this.#items = items;
  }

  matching(matches: (item: Item) => boolean): readonly Item[] {
    return [...this.#items()].filter(matches);
  }

  /** Resolves once `atLeast` items match, or after `waitMs` milliseconds. */
  until(matches: (item: Item) => boolean, atLeast: number, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      let count = this.matching(matches).length;
      const look = (arrived: Item | null): void => {
        if (arrived && matches(arrived)) count += 1;
        if (count >= atLeast || this.#closed) finish();
      };
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      this.#waiting.add(look);
      look(null);
    });
  }

  /** An item was added. */
  notify(arrived: Item): void {
    for (const look of [...this.#waiting]) look(arrived);
  }

  /** Ends every wait. */
  close(): void {
    this.#closed = true;
    for (const look of [...this.#waiting]) look(null);
  }
}

/** Several owners in one test, who hand names to each other as the test says. It passes the suite of the seam. */
import type { Ownership, OwnershipListener } from '../../../bridge/src/ownership/ownership.ts';

export class SwitchedOwners<Name extends string> {
  readonly #owners = new Map<Name, SwitchedOwnership<Name>>();

  /** @param names what it owns from the beginning */
  join(...names: readonly Name[]): SwitchedOwnership<Name> {
    const owner: SwitchedOwnership<Name> = new SwitchedOwnership((name) => this.#owners.get(name) === owner);
    for (const name of names) this.#owners.set(name, owner);
    return owner;
  }

  /** The name changes hands once its former owner has ended what it was doing. @param to null for nobody */
  async handOver(name: Name, to: SwitchedOwnership<Name> | null): Promise<void> {
    const from = this.#owners.get(name);
    if (from === to) return;
    this.#owners.delete(name);
    await from?.tell(name, false);
    if (to === null) return;
    this.#owners.set(name, to);
    await to.tell(name, true);
  }

  /** The name changes hands at once, as where a lease ran out: nobody waits for anybody. @param to null for nobody */
  seize(name: Name, to: SwitchedOwnership<Name> | null): Promise<unknown> {
    const from = this.#owners.get(name);
    if (to === null) this.#owners.delete(name);
    else this.#owners.set(name, to);
    return Promise.all([from?.tell(name, false), to?.tell(name, true)]);
  }
}

export class SwitchedOwnership<Name extends string> implements Ownership<Name> {
  readonly owns: (name: Name) => boolean;
  readonly #listeners = new Set<OwnershipListener<Name>>();

  constructor(owns: (name: Name) => boolean) {
    this.owns = owns;
  }

  onChange(listener: OwnershipListener<Name>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Resolves when every listener has done what the change asks of it, or failed to. */
  async tell(name: Name, owned: boolean): Promise<void> {
    await Promise.allSettled([...this.#listeners].map(async (listener) => listener({ name, owned })));
  }
}

/**
 * The ownership seam: which sessions and which subscriptions this process acts for. Recovery, maintenance and dispatch
 * touch the rows of what it owns and nothing else, so that several bridges can share a database. Every implementation
 * passes `test/conformance/ownership.suite.ts`; ADR 25 says what is owned and what is not.
 */

export interface OwnershipChange<Name extends string> {
  readonly name: Name;
  readonly owned: boolean;
}

/**
 * Told of a change that has happened: `owns` answers by it already.
 *
 * @returns after a loss, resolves once nothing is done for the name any more. A polite owner hands it over only then; one
 *   that lost it to a deadline cannot wait, and the rows' own conditions (compare-and-set on the state) are the last line
 */
export type OwnershipListener<Name extends string> = (change: OwnershipChange<Name>) => void | Promise<void>;

export interface Ownership<Name extends string> {
  /**
   * Whether this process owns the name now, as far as it knows: at most one process does at any time. A name need not
   * exist yet. Answered from memory, so that it can be asked before each step.
   */
  owns(name: Name): boolean;
  /**
   * Tells of changes from now on. What is owned already is not told: ask `owns` after listening. A listener that fails
   * keeps no other from being told.
   *
   * @returns stops listening
   */
  onChange(listener: OwnershipListener<Name>): () => void;
}

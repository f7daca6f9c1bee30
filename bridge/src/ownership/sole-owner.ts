/** The only bridge on its database, which the lock of the data folder makes sure of: it owns everything, for good. */
import type { Ownership } from './ownership.ts';

export class SoleOwner<Name extends string> implements Ownership<Name> {
  owns(): boolean {
    return true;
  }

  onChange(): () => void {
    return () => undefined;
  }
}

/** Decides when an injected fault applies. */
import { type FaultName, type FaultSpec, type SandboxFaults } from './sandbox-contract.ts';

/** @param random a number in [0, 1) */
export class Faults {
  #plan: SandboxFaults;
  readonly #random: () => number;

  constructor(plan: SandboxFaults = {}, random: () => number = Math.random) {
    this.#plan = plan;
    this.#random = random;
  }

  /** What is left of the plan: counts go down as faults apply. */
  get plan(): SandboxFaults {
    return this.#plan;
  }

  get delays(): NonNullable<SandboxFaults['delays']> {
    return this.#plan.delays ?? {};
  }

  /** The fault if it applies now, otherwise null. A counted fault is used up by it. */
  applyFault(name: FaultName): FaultSpec | null {
    const spec = this.#plan[name];
    if (!spec) return null;
    const left = spec.count ?? (spec.probability === undefined ? 1 : Infinity);
    if (left < 1) return null;
    if (spec.probability !== undefined && this.#random() >= spec.probability) return null;
    if (left !== Infinity) this.#plan = { ...this.#plan, [name]: { ...spec, count: left - 1 } };
    return spec;
  }
}

/** What the parts of a simulated account share. */
import type { Address } from '../../contract/address.ts';
import type { SessionName } from '../../contract/ids.ts';
import type { EngineFact } from '../engine.ts';
import type { AccountEntry, AccountMemory } from './account-memory.ts';
import type { NetworkMessage, SandboxEventType } from './phone-network.ts';
import type { FaultName, FaultSpec } from './sandbox-contract.ts';

export interface AccountContext {
  readonly session: SessionName;
  /** The account's own address. */
  readonly self: Address;
  readonly memory: AccountMemory;
  /** Resolves once the entry is on the disk and in memory. */
  record(entry: AccountEntry): Promise<void>;
  /** Stores a fact for the linked device and delivers it when it can. */
  deliver(fact: EngineFact<SandboxEventType>): Promise<void>;
  /** The same for the fact that a message brings. */
  deliverMessage(message: NetworkMessage): Promise<void>;
  /** The fault if it applies now, otherwise null. */
  applyFault(name: FaultName): FaultSpec | null;
  /** How long a step takes, in milliseconds. */
  delay(step: 'answer' | 'server' | 'delivered' | 'read'): number;
  /** Resolves after `ms` milliseconds; never, once the network has ended. */
  pause(ms: number): Promise<void>;
  /** Breaks the connection of the linked device. */
  cut(reason: string): void;
}

/** The answer to a request that is swallowed: none. */
export const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

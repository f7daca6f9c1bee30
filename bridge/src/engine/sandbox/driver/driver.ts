/** What can be told to the simulated phones of sandbox sessions. */
import type { ResultOf } from '../../../contract/operation.ts';
import type { SessionName } from '../../../contract/ids.ts';
import { DRIVER_DEFINITIONS } from './driver.generated.ts';
import type { AskedOf, DriverOperation } from './driver-operation.ts';

export const DRIVER_OPERATIONS = DRIVER_DEFINITIONS satisfies readonly DriverOperation[];

type AnyDriverOperation = (typeof DRIVER_OPERATIONS)[number];
export type DriverOperationId = AnyDriverOperation['id'];
type Defined<Id extends DriverOperationId> = Extract<AnyDriverOperation, { readonly id: Id }>;
export type DriverInput<Id extends DriverOperationId> = Id extends DriverOperationId ? AskedOf<Defined<Id>> : never;
export type DriverResult<Id extends DriverOperationId> = ResultOf<Defined<Id>>;
/** Left out at will if nothing has to be said. */
export type DriverArguments<Id extends DriverOperationId> =
  object extends DriverInput<Id> ? [input?: DriverInput<Id>] : [input: DriverInput<Id>];

/** A simulated network that can be driven, in this process or another. */
export interface SandboxDriver {
  /**
   * Resolves once the network holds durably what it was told (not yet: delivered to the bridge).
   *
   * @throws WabError one of those that the operation names
   */
  drive<Id extends DriverOperationId>(
    id: Id,
    session: SessionName,
    ...input: DriverArguments<Id>
  ): Promise<DriverResult<Id>>;
}

/** The operation of an id that came from elsewhere. */
export const driverOperationOf = (id: string): DriverOperation | undefined =>
  DRIVER_OPERATIONS.find((operation) => operation.id === id);

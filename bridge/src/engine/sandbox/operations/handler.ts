/** How the handler of an operation is declared that is carried out on the simulated network. */
import type { EngineOperationId } from '../../../contract/operations/by-carrier.ts';
import type { EngineHandler } from '../../engine-operations.ts';
import type { Device } from '../device.ts';

export const sandboxHandler = <const Id extends EngineOperationId>(
  id: Id,
  carryOut: EngineHandler<Device, Id>['carryOut'],
): EngineHandler<Device, Id> => ({ id, carryOut });

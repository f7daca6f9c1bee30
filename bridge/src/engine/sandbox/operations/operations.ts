/** What the engine can do: one file for each operation. */
import { EngineHandlers } from '../../engine-operations.ts';
import type { Device } from '../device.ts';
import { OPERATION_HANDLERS } from './operations.generated.ts';

export const SANDBOX_OPERATIONS = new EngineHandlers<Device>(OPERATION_HANDLERS);

/** What the engine can do: one file for each operation. */
import { EngineHandlers } from '../../engine-operations.ts';
import { OPERATION_HANDLERS } from './operations.generated.ts';
import type { WebjsPage } from './handler.ts';

export const WEBJS_OPERATIONS = new EngineHandlers<WebjsPage>(OPERATION_HANDLERS);

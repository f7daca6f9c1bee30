/** The catalogue of operations. */
import type { Operation } from '../operation.ts';
import { OPERATION_DEFINITIONS } from './operations.generated.ts';

export const OPERATIONS = OPERATION_DEFINITIONS satisfies readonly Operation[];

export type AnyOperation = (typeof OPERATIONS)[number];

/** What a check of the doctor finds. */
import type { Context } from './context.ts';

export interface Result {
  readonly state: 'ok' | 'warning' | 'failed';
  readonly detail: string;
  /** What to do about it; there is none if nothing is wrong. */
  readonly todo?: string;
}
export interface Finding extends Result {
  readonly check: string;
}
export type Check = (context: Context) => Result | Promise<Result>;

export const ok = (detail: string): Result => ({ state: 'ok', detail });
export const warning = (detail: string, todo: string): Result => ({ state: 'warning', detail, todo });
export const failed = (detail: string, todo: string): Result => ({ state: 'failed', detail, todo });

/** Calls into an engine, which may hang or throw where they must not. */
import type { Clock } from '../ops/clock.ts';
import { DeadlineError, withDeadline } from '../ops/deadline.ts';
import { reasonOf } from '../ops/reason.ts';

export type Ended =
  | { readonly in: true }
  /** `late`: it may still be at work; otherwise it failed. */
  | { readonly in: false; readonly late: boolean; readonly reason: string };

/** How a call ended, or that it did not within `deadlineMs` milliseconds. Never rejects. */
export async function within(clock: Clock, call: Promise<unknown>, deadlineMs: number): Promise<Ended> {
  try {
    await withDeadline(call, deadlineMs, 'the engine', clock);
    return { in: true };
  } catch (error) {
    if (error instanceof DeadlineError) return { in: false, late: true, reason: 'it took too long' };
    return { in: false, late: false, reason: reasonOf(error) };
  }
}

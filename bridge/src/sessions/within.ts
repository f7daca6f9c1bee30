/** Calls into an engine, which may hang or throw where they must not. */
import type { Clock } from '../ops/clock.ts';

export type Ended =
  | { readonly in: true }
  /** `late`: it may still be at work; otherwise it failed. */
  | { readonly in: false; readonly late: boolean; readonly reason: string };

/** How a call ended, or that it did not within `deadlineMs` milliseconds. Never rejects. */
export async function within(clock: Clock, call: Promise<unknown>, deadlineMs: number): Promise<Ended> {
  const done = new AbortController();
  const late = clock.sleep(deadlineMs, done.signal).then(
    (): Ended => ({ in: false, late: true, reason: 'it took too long' }),
    (): Ended => ({ in: true }),
  );
  const ended = call.then(
    (): Ended => ({ in: true }),
    (error: unknown): Ended => ({ in: false, late: false, reason: reasonOf(error) }),
  );
  try {
    return await Promise.race([ended, late]);
  } finally {
    done.abort();
  }
}

/** What an error says, for a log line or the reason of a state. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'it failed without a reason';

/** A deadline for calls that may hang. */
import { systemClock, type Clock } from './clock.ts';

/** The call did not end in time. It may still end, and nothing is known of its effect. */
export class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what} took longer than ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/**
 * Waits for a call for a limited time. A call that is late goes on unwatched, and its failure is swallowed.
 *
 * @param ms in milliseconds
 * @param what names the call in the error
 * @param clock measures the time; another one than the machine's if a test moves it
 * @throws DeadlineError, or what the call throws
 */
export async function within<T>(call: Promise<T>, ms: number, what: string, clock: Clock = systemClock): Promise<T> {
  const abort = new AbortController();
  const tooLate = clock.sleep(ms, abort.signal).then(() => {
    throw new DeadlineError(what, ms);
  });
  // The loser of the race must not become an unhandled rejection.
  tooLate.catch(() => undefined);
  call.catch(() => undefined);
  try {
    return await Promise.race([call, tooLate]);
  } finally {
    abort.abort();
  }
}

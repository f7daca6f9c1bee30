/** A deadline for calls that may hang. */
import type { Clock } from './clock.ts';

/** The call did not end in time. It may still end, and nothing is known of its effect. */
export class DeadlineError extends Error {
  constructor(what: string, ms: number) {
    super(`${what} did not answer within ${ms} ms`);
    this.name = 'DeadlineError';
  }
}

/**
 * @param what names the call in the error
 * @throws DeadlineError, or what the call throws
 */
export async function withDeadline<T>(call: Promise<T>, ms: number, what: string, clock: Clock): Promise<T> {
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

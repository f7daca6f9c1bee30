/** Waiting for what no event tells. */
import { setTimeout as wait } from 'node:timers/promises';

export interface UntilOptions {
  /** In milliseconds, on however busy a machine. */
  readonly timeoutMs?: number;
  /** Between two questions, in milliseconds: more where a question costs more than a look at a variable. */
  readonly everyMs?: number;
  /** What else the error says, such as the output of a process. */
  readonly details?: () => string;
}

/**
 * Asks again and again until the answer will do: anything but undefined, null and false. What `ask` throws ends it.
 *
 * @throws Error (as a rejection) that names what was waited for, after `timeoutMs` milliseconds
 */
export async function until<Found>(
  what: string,
  ask: () => Found | Promise<Found>,
  { timeoutMs = 60_000, everyMs = 50, details = () => '' }: UntilOptions = {},
): Promise<Exclude<NonNullable<Found>, false>> {
  const end = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined && found !== null && found !== false) return found as Exclude<NonNullable<Found>, false>;
    if (Date.now() > end) throw new Error(`waited ${timeoutMs} ms for ${what}\n${details()}`);
    await wait(everyMs);
  }
}

/**
 * Epochs of a database. One that a restore made says when that was (it is a UUID of version 7 without its dashes), so
 * that what was signed before can be told; the first epoch of a database is of version 4 and says nothing.
 */
import { randomBytes } from 'node:crypto';

/** @param now milliseconds since the epoch of Unix */
export function restoreEpoch(now: number): string {
  const time = now.toString(16).padStart(12, '0');
  const random = randomBytes(10).toString('hex');
  return `${time}7${random.slice(0, 3)}8${random.slice(3, 18)}`;
}

/** When the database was restored, in milliseconds since the epoch of Unix; null if it never was, or by an older version. */
export function restoredAt(epoch: string): number | null {
  return /^[0-9a-f]{12}7[0-9a-f]{19}$/.test(epoch) ? Number.parseInt(epoch.slice(0, 12), 16) : null;
}

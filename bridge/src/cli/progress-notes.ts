/** How far a long command is, for people. */
import { systemClock } from '../ops/clock.ts';

/** How often it is said, in milliseconds. */
const NOTE_MS = 2_000;

/** @returns to be called at every step, with what to say if it is time for it */
export function progressNotes(note: (text: string) => void): (text: () => string) => void {
  let noted = systemClock.elapsed();
  return (text) => {
    if (systemClock.elapsed() - noted < NOTE_MS) return;
    noted = systemClock.elapsed();
    note(text());
  };
}

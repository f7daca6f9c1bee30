/** What went wrong, in the words of whatever was thrown. */

/** For a person at a terminal, and for errors that quote it: what is thrown without being an error is shown as text. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For what is kept, as the reason of a state or of an outcome: only errors are made to be read there. */
export const reasonOf = (error: unknown): string =>
  error instanceof Error ? error.message : 'it failed without giving a reason';

/** What the page says about a failure, fit for logs, events and answers: its words may name the number of a person. */
import { messageOf } from '../../../ops/reason.ts';

/** Runs of digits that are long enough for a phone number become `…`. */
export const withoutNumbers = (reason: string): string => reason.replace(/\d{7,}/g, '…');

/** What went wrong. */
export const describe = (error: unknown): string => withoutNumbers(messageOf(error));

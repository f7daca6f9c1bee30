/** Cursors: positions of the log as clients hold them. Opaque to them; nothing else builds or parses these strings. */
import { WabError } from '../contract/errors.ts';
import type { Seq } from '../contract/ids.ts';

export interface Cursor {
  /** The history of the log it belongs to. */
  readonly epoch: string;
  readonly seq: Seq;
}

const FORM = /^([0-9A-Za-z-]{1,80})\.([0-9]{1,16})$/;

/** The cursor of a position: everything up to and including `seq` lies behind it. */
export const encodeCursor = (epoch: string, seq: Seq): string => `${epoch}.${seq}`;

/**
 * Reads a cursor, of whatever epoch.
 *
 * @throws WabError WAB_CURSOR_INVALID
 */
export function decodeCursor(text: string): Cursor {
  const [, epoch, digits] = FORM.exec(text) ?? [];
  const seq = Number(digits);
  if (epoch === undefined || !Number.isSafeInteger(seq)) throw new WabError('WAB_CURSOR_INVALID');
  return { epoch, seq: seq as Seq };
}

/** Messages in the logs of bridges before each kind had fields of its own (ADR 28). */
import type { EventId } from './ids.ts';
import { KIND_CATALOGUE, type MessageKind } from './kinds.ts';
import { messageDataOf, type MessageData, type ReportedMessage } from './message-data.ts';
import type { ReportedMedia } from './message-media.ts';

/** All kinds had these fields, and `media` had the kind once more. */
interface EarlierMessage {
  readonly kind: MessageKind;
  readonly text: string | null;
  readonly media: (ReportedMedia & { readonly kind: string }) | null;
}

/** A file that the bridge was not told of: nobody can have it, so that reading it says what is wrong. */
const UNKNOWN_FILE: ReportedMedia = { mimeType: 'application/octet-stream' };

const isEarlier = (stored: object): stored is EarlierMessage =>
  'media' in stored && (stored.media === null || 'kind' in (stored.media as object));

/** The data of a message as it is on disk, in the present form. */
export const fromStoredMessage = (stored: object, id: EventId): MessageData =>
  isEarlier(stored)
    ? messageDataOf(
        {
          ...stored,
          text: KIND_CATALOGUE[stored.kind].file === null ? (stored.text ?? '') : stored.text,
          media: stored.media ?? UNKNOWN_FILE,
        } as unknown as ReportedMessage,
        id,
      )
    : (stored as MessageData);

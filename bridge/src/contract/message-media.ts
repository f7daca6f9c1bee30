/** The file of a message. Its bytes are fetched after the event was recorded, and read with GET /v1/media/{mediaId}. */
import Type, { type Static } from 'typebox';
import { fileNameField } from './file-name.ts';
import { mediaIdOf, type EventId } from './ids.ts';
import { object } from './schema.ts';

export const MessageMedia = object(
  {
    mediaId: Type.String(),
    mimeType: Type.String({
      description: 'as stated by the sender; the stored file has the type found in its bytes',
    }),
    sizeBytes: Type.Optional(Type.Integer({ minimum: 0 })),
    fileName: Type.Optional(Type.String()),
  },
  { $id: 'MessageMedia' },
);
export type MessageMedia = Static<typeof MessageMedia>;

/** A file as an engine reports it. It has an id already if the outbox sent it. */
export type ReportedMedia = Omit<MessageMedia, 'mediaId'> & Partial<Pick<MessageMedia, 'mediaId'>>;

/**
 * A file is named by its event, so that a fact that is reported again names the same file. The name of the file comes
 * from a stranger: it loses what could deceive or do harm.
 */
const mediaOf = (media: ReportedMedia, event: EventId): MessageMedia => ({
  mediaId: media.mediaId ?? mediaIdOf(event),
  mimeType: media.mimeType,
  ...(media.sizeBytes === undefined ? {} : { sizeBytes: media.sizeBytes }),
  ...fileNameField(media.fileName),
});

/** The fields of a media kind, from those that an engine reports. */
export const withMediaId = <Fields extends object>(
  { media, ...fields }: Fields & { readonly media: ReportedMedia },
  event: EventId,
) => ({ ...fields, media: mediaOf(media, event) });

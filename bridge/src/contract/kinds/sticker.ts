import { kind, media, type ReportedFile } from '../kind.ts';
import { withMediaId } from '../message-media.ts';

export const sticker = kind({
  kind: 'sticker',
  description: 'A sticker.',
  fields: media,
  toFields: (reported: ReportedFile, event) => withMediaId(reported, event),
  send: null,
  file: { limit: 'image', mimeTypes: ['image/webp'] },
  example: { media: { mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5', mimeType: 'image/webp', sizeBytes: 20134 } },
});

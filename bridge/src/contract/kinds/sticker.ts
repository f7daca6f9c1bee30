import { kind, withFile } from '../kind.ts';

export const sticker = kind({
  kind: 'sticker',
  description: 'A sticker.',
  ...withFile,
  send: null,
  file: { limit: 'image', mimeTypes: ['image/webp'] },
  example: { media: { mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5', mimeType: 'image/webp', sizeBytes: 20134 } },
});

import { fileWithCaption, kind, withCaptionedFile } from '../kind.ts';

export const image = kind({
  kind: 'image',
  description: 'A picture.',
  ...withCaptionedFile,
  send: fileWithCaption('image'),
  file: { limit: 'image', mimeTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] },
  example: {
    text: 'Your receipt',
    media: {
      mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5',
      mimeType: 'image/png',
      sizeBytes: 48211,
      fileName: 'receipt.png',
    },
  },
});

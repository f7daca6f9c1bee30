import { fileWithCaption, kind, withCaptionedFile } from '../kind.ts';

export const video = kind({
  kind: 'video',
  description: 'A video.',
  ...withCaptionedFile,
  send: fileWithCaption('video'),
  file: { limit: 'video', mimeTypes: ['video/mp4', 'video/3gpp', 'video/quicktime'] },
  example: {
    text: null,
    media: { mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5', mimeType: 'video/mp4', sizeBytes: 731904 },
  },
});

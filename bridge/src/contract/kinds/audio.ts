import { fileToSend, kind, withFile } from '../kind.ts';

/** WhatsApp shows no caption below it. */
export const audio = kind({
  kind: 'audio',
  description: 'A sound file or a voice message.',
  ...withFile,
  send: fileToSend('audio'),
  file: { limit: 'audio', mimeTypes: ['audio/*'] },
  example: { media: { mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5', mimeType: 'audio/ogg', sizeBytes: 9120 } },
});

import { fileToSend, kind } from '../kind.ts';

/** WhatsApp shows no caption below it. */
export const audio = kind({
  kind: 'audio',
  description: 'A sound file or a voice message.',
  send: fileToSend('audio'),
  file: { limit: 'audio', mimeTypes: ['audio/*'] },
});

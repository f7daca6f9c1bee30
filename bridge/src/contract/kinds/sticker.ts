import { kind } from '../kind.ts';

export const sticker = kind({
  kind: 'sticker',
  description: 'A sticker.',
  send: null,
  file: { limit: 'image', mimeTypes: ['image/webp'] },
});

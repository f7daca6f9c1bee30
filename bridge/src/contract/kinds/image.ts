import { fileWithCaption, kind } from '../kind.ts';

export const image = kind({
  kind: 'image',
  description: 'A picture.',
  send: fileWithCaption('image'),
  file: { limit: 'image', mimeTypes: ['image/jpeg', 'image/png', 'image/webp', 'image/gif'] },
});

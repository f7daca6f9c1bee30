import { fileWithCaption, kind } from '../kind.ts';

export const video = kind({
  kind: 'video',
  description: 'A video.',
  send: fileWithCaption('video'),
  file: { limit: 'video', mimeTypes: ['video/mp4', 'video/3gpp', 'video/quicktime'] },
});

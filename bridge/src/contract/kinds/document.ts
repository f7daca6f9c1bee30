import { fileWithCaption, kind } from '../kind.ts';

export const document = kind({
  kind: 'document',
  description: 'A file of any type.',
  send: fileWithCaption('document'),
  file: { limit: 'document', mimeTypes: 'any' },
});

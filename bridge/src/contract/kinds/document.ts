import { fileWithCaption, kind, withCaptionedFile } from '../kind.ts';

export const document = kind({
  kind: 'document',
  description: 'A file of any type.',
  ...withCaptionedFile,
  send: fileWithCaption('document'),
  file: { limit: 'document', mimeTypes: 'any' },
  example: {
    text: 'The contract',
    media: { mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5', mimeType: 'application/pdf', fileName: 'contract.pdf' },
  },
});

import { textField } from '../fields.ts';
import { kind, MAX_TEXT_LENGTH } from '../kind.ts';

export const text = kind({
  kind: 'text',
  description: 'Words only.',
  send: {
    text: textField('visible', {
      maxLength: MAX_TEXT_LENGTH,
      description: 'must contain at least one visible character',
    }),
  },
  file: null,
});

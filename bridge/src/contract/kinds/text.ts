import Type from 'typebox';
import { textField } from '../fields.ts';
import { kind, MAX_TEXT_LENGTH } from '../kind.ts';

export const text = kind({
  kind: 'text',
  description: 'Words only.',
  fields: { text: Type.String() },
  send: {
    text: textField('visible', {
      maxLength: MAX_TEXT_LENGTH,
      description: 'must contain at least one visible character',
    }),
  },
  file: null,
  example: { text: 'Is my order on its way?' },
});

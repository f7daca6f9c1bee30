import Type from 'typebox';
import { kind, MAX_TEXT_LENGTH } from '../kind.ts';

export const text = kind({
  kind: 'text',
  description: 'Words only.',
  send: {
    text: Type.String({ maxLength: MAX_TEXT_LENGTH, description: 'must contain at least one visible character' }),
  },
  file: null,
});

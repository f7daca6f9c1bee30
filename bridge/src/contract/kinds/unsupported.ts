import Type from 'typebox';
import { kind } from '../kind.ts';

export const unsupported = kind({
  kind: 'unsupported',
  description: 'A message that wabridge cannot show: of a kind it does not know, or one that cannot be read.',
  fields: { rawKind: Type.String({ description: "WhatsApp's own type of the message" }) },
  send: null,
  file: null,
  example: { rawKind: 'order' },
});

import { kind } from '../kind.ts';

export const unsupported = kind({
  kind: 'unsupported',
  description: 'A message that wabridge cannot show: of a kind it does not know, or one that cannot be read.',
  send: null,
  file: null,
});

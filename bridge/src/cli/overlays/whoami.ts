import { whoami } from '../../contract/operations/whoami/get.ts';
import { commandOf } from '../operations.ts';

export const whoamiCommand = commandOf(whoami, {
  name: 'whoami',
  description: 'show the key in use and what it may do',
});

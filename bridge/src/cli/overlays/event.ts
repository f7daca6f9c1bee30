import { tailCommand } from '../commands/event-tail.ts';
import type { CommandGroup } from '../operations.ts';

export const eventGroup: CommandGroup = {
  name: 'events',
  description: 'the event log',
  commands: [tailCommand],
};

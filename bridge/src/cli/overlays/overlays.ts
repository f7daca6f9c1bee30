/**
 * The commands that ask for an operation of a catalogue: those that an overlay has words for, and those that follow from
 * the definition alone, which come after them in the group of their resource.
 */
import type { Operation } from '../../contract/operation.ts';
import { OPERATIONS, type AnyOperation } from '../../contract/operations/operations.ts';
import { DRIVER_OPERATIONS, type DriverOperationId } from '../../engine/sandbox/driver/driver.ts';
import { commandOf, type CommandGroup, type OperationCommand } from '../operations.ts';
import { kebab } from '../words.ts';
import { chatGroup } from './chat.ts';
import { deadLetterGroup } from './dead-letter.ts';
import { eventGroup } from './event.ts';
import { keyGroup } from './key.ts';
import { messageGroup, reactCommand, sendCommand } from './message.ts';
import { outboxGroup } from './outbox.ts';
import { sandboxGroup } from './sandbox.ts';
import { sessionGroup } from './session.ts';
import { subscriptionGroup } from './subscription.ts';
import { whoamiCommand } from './whoami.ts';

/** Why an operation has no derived command. */
export const WITHOUT_COMMAND: Readonly<Partial<Record<AnyOperation['id'] | DriverOperationId, string>>> = {
  'event.list': '`events tail` reads events as they arrive, from any position',
  'sandbox.receive': '`sandbox say` also attaches files and waits for an answer',
  'session.add': '`session add` also draws the QR code and waits until the account is linked',
  'session.getPairingCode': '`session pair` requests a code, shows each renewal and waits',
  'session.requestPairingCode': '`session pair` also shows each renewal and waits until the account is linked',
  'setting.list': '`config` also works without a bridge, from the settings here',
};

/** Commands that are in no group. */
export const SINGLE_COMMANDS: readonly OperationCommand[] = [sendCommand, reactCommand, whoamiCommand];

/** Groups with words of their own, by resource. */
const WORDED: Readonly<Record<string, CommandGroup>> = {
  key: keyGroup,
  session: sessionGroup,
  message: messageGroup,
  chat: chatGroup,
  event: eventGroup,
  subscription: subscriptionGroup,
  outbox: outboxGroup,
  deadLetter: deadLetterGroup,
  sandbox: sandboxGroup,
};

const resourceOf = ({ id }: Operation): string => id.slice(0, id.indexOf('.'));

/** All groups: those with words first, and each with a command for every operation of its resource. */
export const GROUPS: readonly CommandGroup[] = groupsOf([...OPERATIONS, ...DRIVER_OPERATIONS]);

function groupsOf(operations: readonly Operation[]): readonly CommandGroup[] {
  const worded = [...SINGLE_COMMANDS, ...Object.values(WORDED).flatMap(({ commands }) => commands)];
  const taken = worded.flatMap((command) => (typeof command === 'function' ? [] : [command.operation.id]));
  const left = operations.filter(({ id }) => !taken.includes(id) && !(id in WITHOUT_COMMAND));
  const resources = new Set([...Object.keys(WORDED), ...left.map(resourceOf)]);
  return [...resources].map((resource) => {
    const derived = left.filter((operation) => resourceOf(operation) === resource);
    const { name, description, commands } = WORDED[resource] ?? {
      name: kebab(resource),
      description: derived[0]!.tag,
      commands: [],
    };
    return { name, description, commands: [...commands, ...derived.map((operation) => commandOf(operation))] };
  });
}

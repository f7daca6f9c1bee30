import { Option } from 'commander';
import { DEFAULT_LIST_LIMIT } from '../../contract/defaults.ts';
import { viewAccount } from '../../engine/sandbox/driver/account.ts';
import { crash } from '../../engine/sandbox/driver/crash.ts';
import { disconnect } from '../../engine/sandbox/driver/disconnect.ts';
import { listFaults } from '../../engine/sandbox/driver/faults.ts';
import { listInbox } from '../../engine/sandbox/driver/inbox.ts';
import { listOperations } from '../../engine/sandbox/driver/operations.ts';
import { putContact } from '../../engine/sandbox/driver/put-contact.ts';
import { scan } from '../../engine/sandbox/driver/scan.ts';
import { sendFromPhone } from '../../engine/sandbox/driver/send-from-phone.ts';
import { setFaults } from '../../engine/sandbox/driver/set-faults.ts';
import { unlink } from '../../engine/sandbox/driver/unlink.ts';
import type { SandboxOperation } from '../../engine/sandbox/sandbox-contract.ts';
import { wholeNumber } from '../command.ts';
import { faultCommand } from '../commands/sandbox-fault.ts';
import { sayCommand, textOf } from '../commands/sandbox-talk.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { localTime, members } from '../output.ts';
import { asLine, asMembers, asTable } from '../show.ts';

const SESSION = [{ field: 'session' }] as const;
const TO = ['--to <number>', 'on this phone or in this group'] as const;

/** A line for people; machines get the name of the session under this one. */
const done = (name: string, text = 'Done.') =>
  asLine(
    () => text,
    (_, { session }: { readonly session: string }) => ({ [name]: session }),
  );

const ownMessage = commandOf(sendFromPhone, {
  name: 'own-message',
  description: 'the owner of the account writes a message on the phone',
  arguments: [...SESSION, { field: 'to' }, { field: 'text' }],
  show: asLine(({ messageId }) => `Written on the phone (${messageId}).`),
});

const inbox = commandOf(listInbox, {
  name: 'inbox',
  description: 'messages that arrived on the phones of others',
  arguments: SESSION,
  options: {
    to: TO,
    via: ['--via <device>', 'sent by the bridge, or on the phone of the account'],
    limit: wholeNumber('--limit <count>', `how many of the newest to list (default ${DEFAULT_LIST_LIMIT})`, 1, 100_000),
  },
  defaults: { limit: DEFAULT_LIST_LIMIT },
  show: asTable((entries) => entries, {
    columns: {
      AT: (entry) => localTime(entry.receivedAt),
      CHAT: (entry) => entry.chat.chatId,
      VIA: (entry) => entry.via,
      TIMES: (entry) => entry.transmissions,
      MESSAGE: textOf,
    },
    nothing: 'Nothing has arrived yet.',
  }),
});

const operations = commandOf(listOperations, {
  name: 'operations',
  description: 'what others have seen of the account other than messages: reactions, read state, typing',
  arguments: SESSION,
  options: { to: TO, kind: ['--kind <kind>', 'of this kind'] },
  show: asTable((seen) => seen, {
    columns: {
      AT: (operation) => localTime(operation.at),
      CHAT: (operation) => operation.chat.chatId,
      OPERATION: (operation) => operation.kind,
      WHAT: describe,
    },
    nothing: 'Nothing has been seen yet.',
  }),
});

const account = commandOf(viewAccount, {
  name: 'account',
  description: 'the account as the simulated network sees it',
  arguments: SESSION,
  show: asMembers((seen) => Object.entries(seen)),
});

const unlinkOnPhone = commandOf(unlink, {
  name: 'unlink',
  description: 'remove the linked device on the phone',
  arguments: SESSION,
  show: done('unlink'),
});

const crashEngine = commandOf(crash, {
  name: 'crash',
  description: 'make the engine crash, as a browser can',
  arguments: SESSION,
  show: done('crash'),
});

const scanCode = commandOf(scan, {
  name: 'scan',
  description: 'scan the QR code that the session shows, or enter a pairing code',
  arguments: SESSION,
  options: {
    code: ['--code <code>', 'the pairing code, or the QR code that must still be the one shown'],
    phone: ['--phone <number>', 'number of another simulated phone, to link another account'],
  },
  show: done('scan'),
});

const breakLine = commandOf(disconnect, {
  name: 'disconnect',
  description: 'break the connection for a while',
  arguments: SESSION,
  options: { forMs: ['--for-ms <ms>', 'how long to refuse a new connection'] },
  show: done('disconnected'),
});

const faults = commandOf(listFaults, {
  name: 'faults',
  description: 'list the active faults',
  arguments: SESSION,
  show: (active, { context }) =>
    context.output.result(active, () =>
      Object.keys(active).length === 0 ? 'No faults are active.' : members(Object.entries(active)),
    ),
});

const heal = commandOf(setFaults, {
  name: 'heal',
  without: 'others',
  description: 'clear all faults',
  arguments: SESSION,
  show: done('healed', 'All faults are cleared.'),
});

const contact = commandOf(putContact, {
  name: 'contact',
  description: 'add a contact',
  arguments: [...SESSION, { field: 'phone' }],
  options: {
    name: ['--name <name>', 'display name'],
    lid: ['--lid <lid>', 'the lid under which WhatsApp knows the person'],
    hidesPhone: ['--hides-phone', 'WhatsApp shows the lid instead of the number'],
    exists: new Option('--missing', 'WhatsApp has no such account').preset(false),
  },
  show: asLine(
    () => 'Done.',
    (_, { phone }) => ({ contact: phone }),
  ),
});

export const sandboxGroup: CommandGroup = {
  name: 'sandbox',
  description: 'the simulated phones of sandbox sessions; nothing here is WhatsApp',
  commands: [
    sayCommand,
    ownMessage,
    inbox,
    operations,
    account,
    unlinkOnPhone,
    crashEngine,
    scanCode,
    breakLine,
    faultCommand,
    faults,
    heal,
    contact,
  ],
};

function describe({ kind, emoji, messageId, state, read }: SandboxOperation): string {
  if (kind === 'reaction') return emoji === '' ? `reaction to ${messageId} taken back` : `${emoji} to ${messageId}`;
  return kind === 'read' ? `${read} read` : `${state}`;
}

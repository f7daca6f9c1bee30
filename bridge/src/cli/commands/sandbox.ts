import { Argument, Option, type Command } from 'commander';
import { DEFAULT_LIST_LIMIT } from '../../contract/defaults.ts';
import {
  FAULT_NAMES,
  FAULTS,
  type SandboxOperation,
  type SandboxInboxEntry,
} from '../../engine/sandbox/sandbox-contract.ts';
import { probability } from '../arguments.ts';
import { addCommand, wholeNumber } from '../command.ts';
import { localTime, members, printable, table } from '../output.ts';
import { sandboxPath as path, sandboxTalkCommands, textOf } from './sandbox-talk.ts';

function describeOperation({ kind, emoji, messageId, state, read }: SandboxOperation): string {
  if (kind === 'reaction') return emoji === '' ? `reaction to ${messageId} taken back` : `${emoji} to ${messageId}`;
  return kind === 'read' ? `${read} read` : `${state}`;
}

export function sandboxCommands(program: Command): void {
  const sandbox = program
    .command('sandbox')
    .description('the simulated phones of sandbox sessions; nothing here is WhatsApp');

  sandboxTalkCommands(sandbox);

  addCommand(
    sandbox,
    'inbox <session>',
    'messages that arrived on the phones of others',
    async (context, [session], { to, limit = DEFAULT_LIST_LIMIT }) => {
      const query = { to, limit } as Record<string, string | number | undefined>;
      const entries = await context
        .client()
        .request<readonly SandboxInboxEntry[]>('GET', path(session!, '/inbox'), { query });
      context.output.result(entries, () =>
        table(
          ['AT', 'CHAT', 'VIA', 'TIMES', 'MESSAGE'],
          entries.map((each) => [
            localTime(each.receivedAt),
            each.chat.chatId,
            each.via,
            each.transmissions,
            textOf(each),
          ]),
          'Nothing has arrived yet.',
        ),
      );
    },
    [
      new Option('--to <number>', 'on this phone or in this group'),
      wholeNumber('--limit <count>', `how many of the newest to list (default ${DEFAULT_LIST_LIMIT})`, 1, 100_000),
    ],
  );

  addCommand(
    sandbox,
    'operations <session>',
    'what others have seen of the account other than messages: reactions, read state, typing',
    async (context, [session], { to }) => {
      const query = { to } as Record<string, string | undefined>;
      const operations = await context
        .client()
        .request<readonly SandboxOperation[]>('GET', path(session!, '/operations'), { query });
      context.output.result(operations, () =>
        table(
          ['AT', 'CHAT', 'OPERATION', 'WHAT'],
          operations.map((each) => [
            localTime(each.at),
            each.chat.chatId,
            each.kind,
            printable(describeOperation(each)),
          ]),
          'Nothing has been seen yet.',
        ),
      );
    },
    [new Option('--to <number>', 'on this phone or in this group')],
  );

  addCommand(
    sandbox,
    'account <session>',
    'the account as the simulated network sees it',
    async (context, [session]) => {
      const account = await context.client().request<Record<string, unknown>>('GET', path(session!));
      context.output.result(account, () => members(Object.entries(account)));
    },
  );

  for (const [operation, description] of [
    ['unlink', 'remove the linked device on the phone'],
    ['crash', 'make the engine crash, as a browser can'],
  ] as const) {
    addCommand(sandbox, `${operation} <session>`, description, async (context, [session]) => {
      await context.client().request('POST', path(session!, `/${operation}`));
      context.output.result({ [operation]: session }, 'Done.');
    });
  }

  addCommand(
    sandbox,
    'scan <session>',
    'scan the QR code that the session shows, or enter a pairing code',
    async (context, [session], options) => {
      await context.client().request('POST', path(session!, '/scan'), {
        body: { code: options['code'], phone: options['phone'] },
      });
      context.output.result({ scan: session }, 'Done.');
    },
    [
      new Option('--code <code>', 'the pairing code, or the QR code that must still be the one shown'),
      new Option('--phone <number>', 'number of another simulated phone, to link another account'),
    ],
  );

  addCommand(
    sandbox,
    'disconnect <session>',
    'break the connection for a while',
    async (context, [session], options) => {
      await context.client().request('POST', path(session!, '/disconnect'), { body: { forMs: options['forMs'] } });
      context.output.result({ disconnected: session }, 'Done.');
    },
    [wholeNumber('--for-ms <ms>', 'how long to refuse a new connection', 0, 3_600_000)],
  );

  const fault = addCommand(
    sandbox,
    'fault <session>',
    `inject a fault: ${FAULT_NAMES.join(', ')}`,
    async (context, [session, name], options) => {
      const client = context.client();
      const { count, probability: chance, delayMs } = options;
      const now = await client.request<Record<string, unknown>>('GET', path(session!, '/faults'));
      await client.request('PUT', path(session!, '/faults'), {
        body: {
          ...now,
          [name!]: { count, probability: chance, delayMs },
        },
      });
      context.output.result({ session, fault: name }, `From now on: ${FAULTS[name as keyof typeof FAULTS]}.`);
    },
    [
      wholeNumber('--count <times>', 'how many times (default once)', 0, 1_000_000),
      probability('--probability <0..1>', 'probability each time'),
      wholeNumber('--delay-ms <ms>', 'delay, for the faults that have one', 0, 3_600_000),
    ],
  );
  fault.addArgument(new Argument('<fault>').choices(FAULT_NAMES));

  addCommand(sandbox, 'faults <session>', 'list the active faults', async (context, [session]) => {
    const faults = await context.client().request<Record<string, unknown>>('GET', path(session!, '/faults'));
    context.output.result(faults, () =>
      Object.keys(faults).length === 0 ? 'No faults are active.' : members(Object.entries(faults)),
    );
  });

  addCommand(sandbox, 'heal <session>', 'clear all faults', async (context, [session]) => {
    await context.client().request('PUT', path(session!, '/faults'), { body: {} });
    context.output.result({ healed: session }, 'All faults are cleared.');
  });

  addCommand(
    sandbox,
    'contact <session> <phone>',
    'add a contact',
    async (context, [session, phone], { name, missing }) => {
      await context.client().request('PUT', path(session!, '/contacts'), {
        body: { phone, name, exists: missing === undefined ? undefined : !missing },
      });
      context.output.result({ contact: phone }, 'Done.');
    },
    [new Option('--name <name>', 'display name'), new Option('--missing', 'WhatsApp has no such account')],
  );
}

/** Conversations on the simulated phones: others write to the account, and its owner writes on the own phone. */
import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { CLIENT_WAIT_MS } from '../../contract/defaults.ts';
import type { SessionName } from '../../contract/ids.ts';
import { kindOf } from '../../contract/kinds.ts';
import { listContacts } from '../../engine/sandbox/driver/contacts.ts';
import { listInbox } from '../../engine/sandbox/driver/inbox.ts';
import { putContact } from '../../engine/sandbox/driver/put-contact.ts';
import { receive } from '../../engine/sandbox/driver/receive.ts';
import type { SandboxInboxEntry } from '../../engine/sandbox/sandbox-contract.ts';
import { sessionName } from '../arguments.ts';
import type { BridgeClient } from '../client.ts';
import { ArgumentError, addCommand, listOption, wholeNumber } from '../command.ts';
import { contentIn, contentOptions } from '../content-options.ts';
import type { Context } from '../context.ts';
import type { AttachedFile } from '../file-argument.ts';
import { printable } from '../output.ts';

interface SayOptions {
  readonly from: string;
  readonly group?: string;
  readonly file?: string;
  readonly quote?: string;
  readonly mention?: readonly string[];
  readonly lid?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
  /** With a field of the kind for each of its options. */
  readonly kind?: string;
}

const LID = /^\d{1,40}$/;

/** What a person reads of a message, on one line. */
export function textOf(entry: SandboxInboxEntry): string {
  if ('text' in entry && entry.text !== null) return entry.text;
  if ('media' in entry) return `[${entry.kind} ${entry.media.mimeType}, ${entry.media.sizeBytes} bytes]`;
  const fields = Object.entries(entry).filter(([name]) => name in kindOf(entry.kind).fields);
  return `[${entry.kind}] ${fields.map(([name, value]) => `${name}: ${printable(value)}`).join('; ')}`;
}

/** `sandbox say`: may wait for the answer. */
export function sayCommand(sandbox: Command): void {
  addCommand(
    sandbox,
    'say <session> [text]',
    'someone writes to the account; with a file, the text is its caption',
    (context, [session, text], options) => say(context, session!, text, options as unknown as SayOptions),
    [
      new Option('--from <number>', 'who writes').makeOptionMandatory(),
      new Option('--group <chatId>', 'in this group'),
      new Option(
        '--file <path>',
        'attach a file; its content decides whether it is an image, a video, audio or a document',
      ),
      new Option('--quote <messageId>', 'as a reply to this message'),
      ...contentOptions(),
      listOption('--mention <list>', 'mention these people, comma-separated'),
      new Option('--lid <lid>', 'from now on WhatsApp shows this lid instead of the number'),
      new Option('--wait', 'wait for the answer and print it'),
      wholeNumber('--timeout <seconds>', 'with --wait: how many seconds to wait at most (default 60)', 1, 3600),
    ],
  );
}

async function say(context: Context, written: string, text: string | undefined, options: SayOptions): Promise<void> {
  const { from, group, file, quote, mention, wait, timeout = 60 } = options;
  if (!text && file === undefined && options.kind === undefined)
    throw new ArgumentError('Give a text, or attach a file with --file.');
  const client = context.client();
  const session = sessionName(written);
  const lid = options.lid === undefined ? undefined : await hideBehind(client, session, from, options.lid);
  const query = { to: group ?? lid ?? from, via: 'bridge' as const };
  const before = wait ? (await client.perform(listInbox, { session, ...query })).length : 0;
  const said = await client.perform(receive, {
    session,
    from,
    ...contentIn({ ...options }),
    ...(text ? { text } : {}),
    ...(group === undefined ? {} : { group }),
    ...(file === undefined ? {} : { media: await attached(file) }),
    ...(quote === undefined ? {} : { quotedMessageId: quote }),
    ...(mention === undefined ? {} : { mentions: [...mention] }),
  });
  if (!wait) return context.output.result(said, `Said (${said.messageId}).`);

  context.output.note(`Said. Waiting for an answer on the simulated phone, at most ${timeout} s ...`);
  const deadline = Date.now() + timeout * 1000;
  for (;;) {
    const waitMs = Math.max(0, Math.min(CLIENT_WAIT_MS, deadline - Date.now()));
    const answers = (await client.perform(listInbox, { session, ...query, atLeast: before + 1, waitMs })).slice(before);
    if (answers.length > 0)
      return context.output.result({ ...said, answers }, answers.map((answer) => printable(textOf(answer))).join('\n'));
    if (Date.now() >= deadline) break;
    await pause(200);
  }
  context.output.result({ ...said, answers: [] }, 'No answer arrived.');
  process.exitCode = 1;
}

/** What recognises files is loaded only if there is one. */
async function attached(file: string): Promise<AttachedFile> {
  const { attachedFile } = await import('../file-argument.ts');
  return attachedFile(file);
}

/** Declares a person whose number WhatsApp does not show; a name that was declared stays. Returns the chat id. */
async function hideBehind(client: BridgeClient, session: SessionName, phone: string, written: string): Promise<string> {
  const digits = written.replace(/@lid$/, '');
  if (!LID.test(digits))
    throw new ArgumentError(`${written} is not a valid lid. Use only its digits, for example 98765432101234.`);
  const known = await client.perform(listContacts, { session });
  const name = known.find((contact) => digitsOf(contact.phone) === digitsOf(phone))?.name;
  const lid = `${digits}@lid`;
  await client.perform(putContact, {
    session,
    phone,
    lid,
    hidesPhone: true,
    ...(name === undefined ? {} : { name }),
  });
  return lid;
}

const digitsOf = (number: string): string => number.replace(/@.*$/, '').replace(/\D/g, '');

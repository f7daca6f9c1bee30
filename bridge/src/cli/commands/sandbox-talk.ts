/** Conversations on the simulated phones: others write to the account, and its owner writes on the own phone. */
import { setTimeout as pause } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import { CLIENT_WAIT_MS } from '../../contract/defaults.ts';
import type { SandboxContact, SandboxInboxEntry } from '../../engine/sandbox/sandbox-contract.ts';
import { sessionName } from '../arguments.ts';
import type { BridgeClient } from '../client.ts';
import { ArgumentError, addCommand, listOption, wholeNumber } from '../command.ts';
import type { Context } from '../context.ts';
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
}

const LID = /^\d{1,40}$/;

export const sandboxPath = (session: string, rest = ''): string => `/v1/sandbox/${sessionName(session)}${rest}`;
export const textOf = (entry: SandboxInboxEntry): string =>
  entry.text ??
  (entry.media ? `[${entry.kind} ${entry.media.mimeType}, ${entry.media.sizeBytes} bytes]` : `[${entry.kind}]`);

export function sandboxTalkCommands(sandbox: Command): void {
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
      listOption('--mention <list>', 'mention these people, comma-separated'),
      new Option('--lid <lid>', 'from now on WhatsApp shows this lid instead of the number'),
      new Option('--wait', 'wait for the answer and print it'),
      wholeNumber('--timeout <seconds>', 'with --wait: how many seconds to wait at most (default 60)', 1, 3600),
    ],
  );

  addCommand(
    sandbox,
    'own-message <session> <to> <text>',
    'the owner of the account writes a message on the phone',
    async (context, [session, to, text]) => {
      const said = await context
        .client()
        .request<{ messageId: string }>('POST', sandboxPath(session!, '/send-from-phone'), { body: { to, text } });
      context.output.result(said, `Written on the phone (${said.messageId}).`);
    },
  );
}

async function say(context: Context, session: string, text: string | undefined, options: SayOptions): Promise<void> {
  const { from, group, file, quote, mention, wait, timeout = 60 } = options;
  if (!text && file === undefined) throw new ArgumentError('Give a text, or attach a file with --file.');
  const client = context.client();
  const lid = options.lid === undefined ? undefined : await hideBehind(client, session, from, options.lid);
  const query = { to: group ?? lid ?? from, via: 'bridge' };
  const before = wait ? (await inboxOf(client, session, query)).length : 0;
  const said = await client.request<{ messageId: string }>('POST', sandboxPath(session, '/receive'), {
    body: {
      from,
      ...(text ? { text } : {}),
      ...(group === undefined ? {} : { group }),
      ...(file === undefined ? {} : { media: await attached(file) }),
      ...(quote === undefined ? {} : { quotedMessageId: quote }),
      ...(mention === undefined ? {} : { mentions: mention }),
    },
  });
  if (!wait) return context.output.result(said, `Said (${said.messageId}).`);

  context.output.note(`Said. Waiting for an answer on the simulated phone, at most ${timeout} s ...`);
  const deadline = Date.now() + timeout * 1000;
  for (;;) {
    const waitMs = Math.max(0, Math.min(CLIENT_WAIT_MS, deadline - Date.now()));
    const answers = (await inboxOf(client, session, { ...query, atLeast: before + 1, waitMs })).slice(before);
    if (answers.length > 0)
      return context.output.result({ ...said, answers }, answers.map((answer) => printable(textOf(answer))).join('\n'));
    if (Date.now() >= deadline) break;
    await pause(200);
  }
  context.output.result({ ...said, answers: [] }, 'No answer arrived.');
  process.exitCode = 1;
}

/** What recognises files is loaded only if there is one. */
async function attached(file: string): Promise<object> {
  const { attachedFile } = await import('../file-argument.ts');
  return attachedFile(file);
}

const inboxOf = (
  client: BridgeClient,
  session: string,
  query: Readonly<Record<string, string | number>>,
): Promise<readonly SandboxInboxEntry[]> => client.request('GET', sandboxPath(session, '/inbox'), { query });

/** Declares a person whose number WhatsApp does not show; a name that was declared stays. Returns the chat id. */
async function hideBehind(client: BridgeClient, session: string, phone: string, written: string): Promise<string> {
  const digits = written.replace(/@lid$/, '');
  if (!LID.test(digits))
    throw new ArgumentError(`${written} is not a valid lid. Use only its digits, for example 98765432101234.`);
  const known = await client.request<readonly SandboxContact[]>('GET', sandboxPath(session, '/contacts'));
  const name = known.find((contact) => digitsOf(contact.phone) === digitsOf(phone))?.name;
  const lid = `${digits}@lid`;
  await client.request('PUT', sandboxPath(session, '/contacts'), {
    body: { phone, lid, hidesPhone: true, ...(name === undefined ? {} : { name }) },
  });
  return lid;
}

const digitsOf = (number: string): string => number.replace(/@.*$/, '').replace(/\D/g, '');

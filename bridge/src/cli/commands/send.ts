import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { DEFAULT_SEND_WAIT_SECONDS, MAX_EXPIRY_SECONDS, MAX_WAIT_MS } from '../../contract/defaults.ts';
import type { OutboxMessage } from '../../contract/views/outbox-message.ts';
import { sessionName } from '../arguments.ts';
import { addCommand, wholeNumber } from '../command.ts';
import type { Context } from '../context.ts';
import { showMessage } from '../overlays/outbox.ts';

const COMMON = [
  wholeNumber(
    '--wait <seconds>',
    `how many seconds to wait at most for WhatsApp to accept it (default ${DEFAULT_SEND_WAIT_SECONDS})`,
    0,
    MAX_WAIT_MS / 1000,
  ),
  new Option('--idempotency-key <key>', 'requests with the same key send only once'),
  wholeNumber('--expires-in <seconds>', 'do not send it after this many seconds', 1, MAX_EXPIRY_SECONDS),
];

export function sendCommands(program: Command): void {
  addCommand(
    program,
    'send <session> <to> <text>',
    'send a text message',
    async (context, [session, to, text], options) => {
      const { replyTo } = options;
      const quoted = replyTo === undefined ? {} : { quotedMessageId: replyTo };
      await send(context, { session: sessionName(session), to, type: 'text', text, ...quoted }, options);
    },
    [...COMMON, new Option('--reply-to <messageId>', 'the message to reply to')],
  );

  addCommand(
    program,
    'react <session> <to> <messageId> <emoji>',
    'react to a message; "" removes the reaction',
    async (context, [session, to, messageId, emoji], options) =>
      send(context, { session: sessionName(session), to, type: 'reaction', messageId, emoji }, options),
    COMMON,
  );
}

async function send(context: Context, body: object, options: Readonly<Record<string, unknown>>): Promise<void> {
  const message = await context.client().request<OutboxMessage>('POST', '/v1/messages', {
    query: { waitMs: ((options['wait'] as number | undefined) ?? DEFAULT_SEND_WAIT_SECONDS) * 1000 },
    headers: { 'idempotency-key': (options['idempotencyKey'] as string | undefined) ?? randomUUID() },
    body: options['expiresIn'] === undefined ? body : { ...body, expiresInSeconds: options['expiresIn'] },
  });
  showMessage(message, { context, input: undefined, options });
  if (message.state === 'failed') process.exitCode = 1;
}

import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import { leaf, wholeNumber } from '../command.ts';
import { oneMessage, type OutboxMessage } from './outbox.ts';

export function sendCommand(program: Command): void {
  leaf(
    program,
    'send <session> <to> <text>',
    'send a text message',
    async (context, [session, to, text], options) => {
      const idempotencyKey = (options['idempotencyKey'] as string | undefined) ?? randomUUID();
      const waitSeconds = (options['wait'] as number | undefined) ?? 10;
      const message = await context.client().request<OutboxMessage>('POST', '/v1/messages', {
        query: { waitMs: waitSeconds * 1000 },
        headers: { 'idempotency-key': idempotencyKey },
        body: {
          session,
          to,
          type: 'text',
          text,
          ...(options['replyTo'] === undefined ? {} : { quotedMessageId: options['replyTo'] }),
        },
      });
      oneMessage(context, message);
      if (message.state === 'failed') process.exitCode = 1;
    },
    [
      wholeNumber('--wait <seconds>', 'wait at most this long for WhatsApp to take it (default 10)', 0, 60),
      new Option('--reply-to <messageId>', 'the message to reply to'),
      new Option('--idempotency-key <key>', 'the same key never sends twice'),
    ],
  );
}

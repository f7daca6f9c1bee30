import { Option, type Command } from 'commander';
import { OUTBOX_STATES } from '../../contract/messages.ts';
import { leaf, wholeNumber } from '../command.ts';
import type { Context } from '../context.ts';
import { members, table } from '../output.ts';

export interface OutboxMessage {
  readonly id: string;
  readonly session: string;
  readonly chat: { readonly chatId: string };
  readonly type: string;
  readonly state: string;
  readonly messageId: string | null;
  readonly attempts: number;
  readonly createdAt: string;
  readonly nextAttemptAt: string | null;
  readonly expiresAt: string | null;
  readonly error: { readonly code: string; readonly message: string } | null;
  readonly replayed?: boolean;
}

const path = (id: string, rest = ''): string => `/v1/messages/${encodeURIComponent(id)}${rest}`;

export function outboxCommands(program: Command): void {
  const outbox = program.command('outbox').description('messages that wabridge promised to send');

  leaf(
    outbox,
    'list',
    'list outbox messages, newest first',
    async (context, _args, { session, state, limit = 50, before }) => {
      const query = { session, state, limit, before } as Record<string, string | number | undefined>;
      const { messages } = await context
        .client()
        .request<{ messages: readonly OutboxMessage[] }>('GET', '/v1/messages', { query });
      context.output.result(messages, () =>
        table(
          ['ID', 'SESSION', 'TO', 'TYPE', 'STATE', 'ATTEMPTS', 'CREATED', 'NOTE'],
          messages.map((each) => [
            each.id,
            each.session,
            each.chat.chatId,
            each.type,
            each.state,
            each.attempts,
            each.createdAt,
            each.error?.message,
          ]),
          'There is no such message.',
        ),
      );
    },
    [
      new Option('--session <name>', 'of this session'),
      new Option('--state <states>', `comma-separated: ${OUTBOX_STATES.join(', ')}`),
      new Option('--before <id>', 'older than this one'),
      wholeNumber('--limit <count>', 'at most this many (default 50)', 1, 500),
    ],
  );

  leaf(outbox, 'show <id>', 'show an outbox message', async (context, [id]) =>
    oneMessage(context, await context.client().request<OutboxMessage>('GET', path(id!))),
  );

  leaf(
    outbox,
    'resolve <id>',
    'settle a message that is in doubt',
    async (context, [id], { as }) =>
      oneMessage(
        context,
        await context.client().request<OutboxMessage>('POST', path(id!, '/resolve'), { body: { as } }),
      ),
    [
      new Option('--as <outcome>', 'it was sent, it failed, or send it again')
        .choices(['sent', 'failed', 'resend'])
        .makeOptionMandatory(),
    ],
  );

  leaf(outbox, 'cancel <id>', 'withdraw a queued message', async (context, [id]) =>
    oneMessage(context, await context.client().request<OutboxMessage>('POST', path(id!, '/cancel'))),
  );
}

/** Prints one outbox message. */
export function oneMessage(context: Context, message: OutboxMessage): void {
  context.output.result(message, () =>
    members([
      ['id', message.id],
      ['session', message.session],
      ['to', message.chat.chatId],
      ['type', message.type],
      [
        'state',
        message.replayed
          ? `${message.state} (answered from an earlier request with this idempotency key)`
          : message.state,
      ],
      ['message id', message.messageId],
      ['attempts', message.attempts],
      ['created', message.createdAt],
      ['next attempt', message.nextAttemptAt],
      ['not after', message.state === 'queued' ? message.expiresAt : null],
      ['error', message.error && `${message.error.message} (${message.error.code})`],
    ]),
  );
}

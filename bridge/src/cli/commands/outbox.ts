import { Option, type Command } from 'commander';
import { DEFAULT_LIST_LIMIT } from '../../contract/defaults.ts';
import { OUTBOX_STATES, type OutboxMessage } from '../../contract/views/outbox-message.ts';
import { knownList, outboxId, sessionName } from '../arguments.ts';
import { addCommand, listLimit } from '../command.ts';
import type { Context } from '../context.ts';
import { localTime, members, table } from '../output.ts';

const path = (id: string | undefined, rest = ''): string => `/v1/messages/${outboxId(id)}${rest}`;

export function outboxCommands(program: Command): void {
  const outbox = program.command('outbox').description('messages that wabridge has accepted for sending');

  addCommand(
    outbox,
    'list',
    'list outbox messages, newest first',
    async (context, _args, { session, state, limit = DEFAULT_LIST_LIMIT, before }) => {
      const query = {
        session: session === undefined ? undefined : sessionName(session as string),
        state: (state as string[] | undefined)?.join(','),
        limit: limit as number,
        before: before === undefined ? undefined : outboxId(before as string),
      };
      const { messages } = await context
        .client()
        .request<{ messages: readonly OutboxMessage[] }>('GET', '/v1/messages', { query });
      context.output.result(messages, () =>
        table(
          ['ID', 'SESSION', 'TO', 'TYPE', 'STATE', 'CREATED'],
          messages.map((each) => [
            each.id,
            each.session,
            each.chat.phone ?? each.chat.chatId,
            each.type,
            each.state,
            localTime(each.createdAt),
          ]),
          'There are no such messages.',
          messages.map(({ error }) => error?.message),
        ),
      );
    },
    [
      new Option('--session <name>', 'of this session'),
      knownList('--state <states>', `comma-separated: ${OUTBOX_STATES.join(', ')}`, 'state', OUTBOX_STATES),
      new Option('--before <id>', 'older than this one'),
      listLimit,
    ],
  );

  addCommand(outbox, 'show <id>', 'show an outbox message', async (context, [id]) =>
    oneMessage(context, await context.client().request<OutboxMessage>('GET', path(id))),
  );

  addCommand(
    outbox,
    'resolve <id>',
    'settle a message that is in doubt',
    async (context, [id], { as }) =>
      oneMessage(
        context,
        await context.client().request<OutboxMessage>('POST', path(id, '/resolve'), { body: { as } }),
      ),
    [
      new Option('--as <outcome>', 'sent or failed: what happened to it; resend: send it again')
        .choices(['sent', 'failed', 'resend'])
        .makeOptionMandatory(),
    ],
  );

  addCommand(outbox, 'cancel <id>', 'cancel a queued message', async (context, [id]) =>
    oneMessage(context, await context.client().request<OutboxMessage>('POST', path(id, '/cancel'))),
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
      ['created', localTime(message.createdAt)],
      ['next attempt', localTime(message.nextAttemptAt)],
      ['not after', message.state === 'queued' ? localTime(message.expiresAt) : null],
      ['error', message.error && `${message.error.message} (${message.error.code})`],
    ]),
  );
}

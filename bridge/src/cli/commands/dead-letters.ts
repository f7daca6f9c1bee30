import type { Command } from 'commander';
import { leaf, wholeNumber } from '../command.ts';
import { table } from '../output.ts';

interface DeadLetter {
  readonly id: string;
  readonly subscription: string;
  readonly eventId: string;
  readonly eventType: string;
  readonly session: string | null;
  readonly reason: string;
  readonly attempts: number;
  readonly createdAt: string;
}

export function deadLetterCommands(program: Command): void {
  const letters = program.command('dead-letters').description('events that a subscription gave up on');

  leaf(
    letters,
    'list',
    'list dead letters, newest first',
    async (context, _args, { limit = 50 }) => {
      const { deadLetters } = await context
        .client()
        .request<{ deadLetters: readonly DeadLetter[] }>('GET', '/v1/dead-letters', {
          query: { limit: limit as number },
        });
      context.output.result(deadLetters, () =>
        table(
          ['ID', 'SUBSCRIPTION', 'EVENT', 'TYPE', 'SESSION', 'ATTEMPTS', 'SINCE', 'REASON'],
          deadLetters.map((each) => [
            each.id,
            each.subscription,
            each.eventId,
            each.eventType,
            each.session,
            each.attempts,
            each.createdAt,
            each.reason,
          ]),
          'There is no dead letter.',
        ),
      );
    },
    [wholeNumber('--limit <count>', 'at most this many (default 50)', 1, 500)],
  );

  leaf(letters, 'redrive <id>', 'deliver the event again', async (context, [id]) => {
    await context.client().request('POST', `/v1/dead-letters/${encodeURIComponent(id!)}/redrive`);
    context.output.result({ redriven: id }, `Dead letter ${id} is delivered again.`);
  });

  leaf(letters, 'discard <id>', 'forget a dead letter', async (context, [id]) => {
    await context.client().request('DELETE', `/v1/dead-letters/${encodeURIComponent(id!)}`);
    context.output.result({ discarded: id }, `Dead letter ${id} is discarded.`);
  });
}

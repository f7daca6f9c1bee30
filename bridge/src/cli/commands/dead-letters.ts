import type { Command } from 'commander';
import { DEFAULT_LIST_LIMIT } from '../../contract/defaults.ts';
import type { DeadLetterView } from '../../contract/views/dead-letter.ts';
import { shortNames } from '../subscription-names.ts';
import { deadLetterId } from '../arguments.ts';
import { addCommand, listLimit } from '../command.ts';
import { localTime, table } from '../output.ts';

export function deadLetterCommands(program: Command): void {
  const letters = program.command('dead-letters').description('events that could not be delivered to a subscription');

  addCommand(
    letters,
    'list',
    'list dead letters, newest first',
    async (context, _args, { limit = DEFAULT_LIST_LIMIT }) => {
      const { deadLetters } = await context
        .client()
        .request<{ deadLetters: readonly DeadLetterView[] }>('GET', '/v1/dead-letters', {
          query: { limit: limit as number },
        });
      context.output.result(deadLetters, () =>
        table(
          ['ID', 'SUBSCRIPTION', 'TYPE', 'SESSION', 'SINCE'],
          deadLetters.map((each) => [
            each.id,
            shortNames(deadLetters.map(({ subscription }) => subscription)).get(each.subscription),
            each.eventType,
            each.session,
            localTime(each.createdAt),
          ]),
          'There are no dead letters.',
          deadLetters.map((each) => `${each.reason} (${each.attempts} attempts at ${each.eventId})`),
        ),
      );
    },
    [listLimit],
  );

  addCommand(letters, 'redrive <id>', 'deliver the event again', async (context, [id]) => {
    await context.client().request('POST', `/v1/dead-letters/${deadLetterId(id)}/redrive`);
    context.output.result({ redriven: id }, `Dead letter ${id} will be delivered again.`);
  });

  addCommand(letters, 'discard <id>', 'discard a dead letter', async (context, [id]) => {
    await context.client().request('DELETE', `/v1/dead-letters/${deadLetterId(id)}`);
    context.output.result({ discarded: id }, `Dead letter ${id} is discarded.`);
  });
}

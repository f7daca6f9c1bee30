import { Option, type Command } from 'commander';
import { WabError } from '../../contract/errors.ts';
import type { SubscriptionView } from '../../contract/views/subscription.ts';
import { ArgumentError, addCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { localTime, table } from '../output.ts';
import { namesMeant, shortNames } from '../subscription-names.ts';

export function subscriptionCommands(program: Command): void {
  const subscriptions = program.command('subscriptions').description('durable readers of the event log');

  addCommand(
    subscriptions,
    'list',
    'list subscriptions; those of n8n are shown by the id of their workflow',
    async (context, _args, { long }) => {
      const found = await allOf(context);
      const short = shortNames(found.map(({ name }) => name));
      context.output.result(found, () =>
        table(
          ['SUBSCRIPTION', 'CONNECTED', 'WAITING', 'IN FLIGHT', 'LAST USED', 'TAKEOVERS'],
          found.map((each) => [
            short.get(each.name),
            each.connected ? 'yes' : 'no',
            each.waiting,
            each.inFlight,
            localTime(each.lastUsedAt),
            each.takeovers,
          ]),
          'There are no subscriptions.',
          found.map((each) => noteOf(each, long === true)),
        ),
      );
    },
    [new Option('--long', 'also show the full name, the filter and the age')],
  );

  addCommand(
    subscriptions,
    'delete <name>',
    'delete a subscription (by its full name, or as listed); events that it has not read are not delivered any more',
    async (context, [written]) => {
      const names = namesMeant(
        written!,
        (await allOf(context)).map(({ name }) => name),
      );
      if (names.length === 0) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: written! });
      if (names.length > 1)
        throw new ArgumentError(
          `${written} matches ${names.length} subscriptions. Give one of their full names: ${names.join(', ')}.`,
        );
      const [name = ''] = names;
      await context.client().request('DELETE', `/v1/subscriptions/${encodeURIComponent(name)}`);
      context.output.result({ deleted: name }, `Subscription ${name} is deleted.`);
    },
  );
}

async function allOf(context: Context): Promise<readonly SubscriptionView[]> {
  const answer = await context
    .client()
    .request<{ subscriptions: readonly SubscriptionView[] }>('GET', '/v1/subscriptions');
  return answer.subscriptions;
}

function noteOf({ name, filter, blockedBy, createdAt, pausedAt }: SubscriptionView, long: boolean): string {
  const parts = blockedBy === null ? [] : [`blocked by ${blockedBy}`];
  if (pausedAt !== null) parts.push(`paused since ${localTime(pausedAt)}, because nobody reads it`);
  if (long) parts.push(name, `since ${localTime(createdAt)}`, `filter ${JSON.stringify(filter)}`);
  return parts.join('; ');
}

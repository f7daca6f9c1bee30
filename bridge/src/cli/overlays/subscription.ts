import { Option } from 'commander';
import { WabError } from '../../contract/errors.ts';
import type { SubscriptionName } from '../../contract/ids.ts';
import { deleteSubscription } from '../../contract/operations/subscription/delete.ts';
import { listSubscriptions } from '../../contract/operations/subscription/list.ts';
import type { SubscriptionView } from '../../contract/views/subscription.ts';
import { ArgumentError } from '../command.ts';
import type { Context } from '../context.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { localTime } from '../output.ts';
import { asLine, asTable } from '../show.ts';
import { namesMeant, shortNames } from '../subscription-names.ts';

const list = commandOf(listSubscriptions, {
  name: 'list',
  description: 'list subscriptions; those of n8n are shown by the id of their workflow',
  shownBy: [new Option('--long', 'also show the full name, the filter and the age')],
  show: asTable(({ subscriptions }) => subscriptions, {
    columns: (all) => {
      const short = shortNames(all.map(({ name }) => name));
      return {
        SUBSCRIPTION: ({ name }) => short.get(name),
        CONNECTED: (subscription) => (subscription.connected ? 'yes' : 'no'),
        WAITING: (subscription) => subscription.waiting,
        'IN FLIGHT': (subscription) => subscription.inFlight,
        'LAST USED': (subscription) => localTime(subscription.lastUsedAt),
        TAKEOVERS: (subscription) => subscription.takeovers,
      };
    },
    nothing: 'There are no subscriptions.',
    note: (subscription, { long }) => noteOf(subscription, long === true),
  }),
});

const remove = commandOf(deleteSubscription, {
  name: 'delete',
  description:
    'delete a subscription (by its full name, or as listed); events that it has not read are not delivered any more',
  arguments: [{ field: 'name', parse: fullName }],
  show: asLine(
    (_, { name }) => `Subscription ${name} is deleted.`,
    (_, { name }) => ({ deleted: name }),
  ),
});

export const subscriptionGroup: CommandGroup = {
  name: 'subscriptions',
  description: 'durable readers of the event log',
  commands: [list, remove],
};

/** The full name of the one subscription that was meant. @throws WabError, ArgumentError if it is not exactly one */
async function fullName(written: string, context: Context): Promise<SubscriptionName> {
  const { subscriptions } = await context.client().perform(listSubscriptions, {});
  const [name, ...others] = namesMeant(
    written,
    subscriptions.map((each) => each.name),
  );
  if (name === undefined) throw new WabError('WAB_SUBSCRIPTION_NOT_FOUND', { subscription: written });
  if (others.length > 0)
    throw new ArgumentError(
      `${written} matches ${others.length + 1} subscriptions. Give one of their full names: ${[name, ...others].join(', ')}.`,
    );
  return name as SubscriptionName;
}

function noteOf({ name, filter, blockedBy, createdAt, pausedAt }: SubscriptionView, long: boolean): string {
  const parts = blockedBy === null ? [] : [`blocked by ${blockedBy}`];
  if (pausedAt !== null) parts.push(`paused since ${localTime(pausedAt)}, because nobody reads it`);
  if (long) parts.push(name, `since ${localTime(createdAt)}`, `filter ${JSON.stringify(filter)}`);
  return parts.join('; ');
}

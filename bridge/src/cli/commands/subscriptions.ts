import type { Command } from 'commander';
import { leaf } from '../command.ts';
import { table } from '../output.ts';

interface Subscription {
  readonly name: string;
  readonly connected: boolean;
  readonly waiting: number;
  readonly inFlight: number;
  readonly blockedBy: string | null;
  readonly lastUsedAt: string;
  readonly takeovers: number;
}

export function subscriptionCommands(program: Command): void {
  const subscriptions = program.command('subscriptions').description('durable readers of the event log');

  leaf(subscriptions, 'list', 'list subscriptions', async (context) => {
    const { subscriptions: found } = await context
      .client()
      .request<{ subscriptions: readonly Subscription[] }>('GET', '/v1/subscriptions');
    context.output.result(found, () =>
      table(
        ['SUBSCRIPTION', 'CONNECTED', 'WAITING', 'IN FLIGHT', 'BLOCKED BY', 'LAST USED', 'TAKEOVERS'],
        found.map((each) => [
          each.name,
          each.connected ? 'yes' : 'no',
          each.waiting,
          each.inFlight,
          each.blockedBy,
          each.lastUsedAt,
          each.takeovers,
        ]),
        'There is no subscription.',
      ),
    );
  });

  leaf(
    subscriptions,
    'delete <name>',
    'delete a subscription; what it has not read is not delivered any more',
    async (context, [name]) => {
      await context.client().request('DELETE', `/v1/subscriptions/${encodeURIComponent(name!)}`);
      context.output.result({ deleted: name }, `Subscription ${name} is deleted.`);
    },
  );
}

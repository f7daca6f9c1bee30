import { discardDeadLetter } from '../../contract/operations/dead-letter/discard.ts';
import { listDeadLetters } from '../../contract/operations/dead-letter/list.ts';
import { redriveDeadLetter } from '../../contract/operations/dead-letter/redrive.ts';
import { commandOf, type CommandGroup } from '../operations.ts';
import { localTime } from '../output.ts';
import { asLine, asTable } from '../show.ts';
import { shortNames } from '../subscription-names.ts';

const list = commandOf(listDeadLetters, {
  name: 'list',
  description: 'list dead letters, newest first',
  show: asTable(({ deadLetters }) => deadLetters, {
    columns: (all) => {
      const short = shortNames(all.map(({ subscription }) => subscription));
      return {
        ID: (letter) => letter.id,
        SUBSCRIPTION: ({ subscription }) => short.get(subscription),
        TYPE: (letter) => letter.eventType,
        SESSION: (letter) => letter.session,
        SINCE: (letter) => localTime(letter.createdAt),
      };
    },
    nothing: 'There are no dead letters.',
    note: ({ reason, attempts, eventId }) => `${reason} (${attempts} attempts at ${eventId})`,
  }),
});

const redrive = commandOf(redriveDeadLetter, {
  name: 'redrive',
  description: 'deliver the event again',
  arguments: [{ field: 'id' }],
  show: asLine(
    (_, { id }) => `Dead letter ${id} will be delivered again.`,
    (_, { id }) => ({ redriven: id }),
  ),
});

const discard = commandOf(discardDeadLetter, {
  name: 'discard',
  description: 'discard a dead letter',
  arguments: [{ field: 'id' }],
  show: asLine(
    (_, { id }) => `Dead letter ${id} is discarded.`,
    (_, { id }) => ({ discarded: id }),
  ),
});

export const deadLetterGroup: CommandGroup = {
  name: 'dead-letters',
  description: 'events that could not be delivered to a subscription',
  commands: [list, redrive, discard],
};

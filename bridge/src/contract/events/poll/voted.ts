import Type from 'typebox';
import { Address } from '../../address.ts';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

/** A vote replaces the one before it, so that each event has all that a person has chosen. */
export const pollVoted = event({
  type: 'poll.voted',
  description:
    'Someone voted in a poll, changed the vote or withdrew it. With webjs, votes from a time when the session was offline may be missing.',
  content: true,
  reportedBy: 'engine',
  about: { kind: 'message', id: 'messageId', isNew: false, isFromOutbox: true },
  fromMe: ({ fromMe }) => fromMe,
  identity: { by: 'message', fields: ['voter', 'occurredAt'] },
  movesOutbox: null,
  countedAs: null,
  data: object({
    messageId: Type.String({ description: 'the message that is the poll' }),
    voter: Address,
    options: Type.Array(Type.String(), {
      description: 'all options that this person has chosen now; empty if the vote was withdrawn',
    }),
    fromMe: Type.Boolean({ description: 'whether this account voted, on its phone' }),
    outboxId: Type.Optional(Type.String()),
  }),
  example: {
    messageId: 'true_4915112345678@c.us_3EB0A1F0B2C94D7E6A53',
    voter: { chatId: '4915112345678@c.us', phone: '+4915112345678', name: 'Ada' },
    options: ['Monday'],
    fromMe: false,
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
  },
});

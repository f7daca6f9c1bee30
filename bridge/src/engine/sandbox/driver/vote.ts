import Type from 'typebox';
import { WabError } from '../../../contract/errors.ts';
import { SessionField } from '../../../contract/fields.ts';
import type { MessageId } from '../../../contract/ids.ts';
import { Nothing } from '../../../contract/operation.ts';
import { object } from '../../../contract/schema.ts';
import { chatKindOf, parseChatId } from '../../../contract/whatsapp-id.ts';
import { isOneOf, knownAddress } from '../address-book.ts';
import { voted } from '../events/poll/voted.ts';
import { driverOperation } from './driver-operation.ts';

/** A vote replaces the one before it of the same person. */
export const vote = driverOperation({
  id: 'sandbox.vote',
  summary: 'Someone votes in a poll of the account',
  http: { method: 'POST', path: '/sandbox/{session}/vote', status: 204 },
  input: object({
    session: SessionField,
    from: Type.String({ minLength: 3, maxLength: 80, description: 'who votes' }),
    messageId: Type.String({ maxLength: 200, description: 'the message that is the poll' }),
    options: Type.Optional(
      Type.Array(Type.String(), {
        uniqueItems: true,
        description: 'all options that this person chooses; none withdraws the vote',
      }),
    ),
  }),
  result: Nothing,
  errors: ['WAB_INVALID_REQUEST', 'WAB_ADDRESS_INVALID', 'WAB_CHAT_UNKNOWN', 'WAB_MESSAGE_UNKNOWN'],
  examples: [
    {
      session: 'demo',
      from: '+4915112345678',
      messageId: 'true_4915112345678@c.us_3EB0A1F0B2C94D7E6A53',
      options: ['Monday'],
    },
  ],
  carryOut: async (account, { from, messageId, options = [] }) => {
    const poll = account.memory.outgoing.get(messageId as MessageId)?.message;
    if (poll?.kind !== 'poll') throw new WabError('WAB_MESSAGE_UNKNOWN');
    const id = parseChatId(from);
    const voter = knownAddress(account.memory, id);
    const isThere = chatKindOf(id) === 'direct' && (poll.chat.chatId.endsWith('@g.us') || isOneOf([id], poll.chat));
    if (!voter || !isThere) throw new WabError('WAB_CHAT_UNKNOWN');
    const foreign = options.find((option) => !poll.options.includes(option));
    if (foreign !== undefined) throw new WabError('WAB_INVALID_REQUEST', { reason: 'the poll has no such option' });
    if (options.length > 1 && poll.allowMultipleAnswers !== true)
      throw new WabError('WAB_INVALID_REQUEST', { reason: 'the poll allows only one option' });
    await account.deliver(voted.fact(poll, voter, options));
  },
});

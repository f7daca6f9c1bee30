import type { Address } from '../../../../contract/address.ts';
import type { MessageId } from '../../../../contract/ids.ts';
import { engineEvent } from '../../../engine-events.ts';

/** Somebody voted in a poll of the account. */
export const voted = engineEvent(
  'poll.voted',
  (
    poll: { readonly messageId: MessageId; readonly chat: Address; readonly sender: Address },
    voter: Address,
    options: readonly string[],
  ) => ({
    at: new Date(),
    chat: poll.chat,
    sender: voter,
    author: poll.sender,
    data: { messageId: poll.messageId, voter, options: [...options], fromMe: false },
  }),
);

import type { ChatId } from '../../../../../contract/ids.ts';
import { libraryEvent } from '../../library-event.ts';
import { idText, type RawId, type RawMessage } from '../../raw-message.ts';

/** What is read of the library's `PollVote`. The page has decrypted it, and names the options by their places in the poll. */
interface RawVote {
  readonly voter?: RawId;
  readonly selectedOptions?: readonly { readonly name?: string; readonly localId: number }[];
  /** Milliseconds, by the clock of the voter's phone. */
  readonly interractedAtTs?: number;
  readonly parentMsgKey?: RawMessage['id'];
}

/** The library tells each vote when the page stores it, which it may do again. */
export const voted = libraryEvent({
  type: 'poll.voted',
  name: 'vote_update',
  read: ({ voter: rawVoter, selectedOptions = [], interractedAtTs, parentMsgKey: poll }: RawVote, self) => {
    const voter = idText(rawVoter);
    const chat = idText(poll?.remote);
    const messageId = poll?._serialized;
    if (!poll || !voter || !chat || !messageId) throw new Error('WhatsApp Web gave a vote without an id');
    if (!Number.isFinite(interractedAtTs)) throw new Error('WhatsApp Web gave a vote without a time');
    const named = selectedOptions.flatMap(({ name }) => (name === undefined ? [] : [name]));
    if (named.length < selectedOptions.length)
      throw new Error('WhatsApp Web gave a vote in a poll that it does not have');
    const author = poll.fromMe ? (self[0] as ChatId | undefined) : (idText(poll.participant) ?? chat);
    const at = new Date(interractedAtTs!);
    const fromMe = self.includes(voter);
    return {
      chat,
      at,
      people: [voter, ...(author === undefined ? [] : [author])],
      fact: (find) => ({
        type: 'poll.voted',
        at,
        chat: find(chat),
        sender: find(voter),
        author: author === undefined ? null : find(author),
        data: { messageId, voter: find(voter), options: named, fromMe },
      }),
    };
  },
});

/** What happened while nobody listened: messages that arrive before the library is attached cause no event. */
import type { ChatId } from '../../contract/ids.ts';
import type { Deadlines } from './deadlines.ts';
import type { RawMessage } from './message-mapper.ts';
import type { PageCalls } from './page-calls.ts';
import { chatsActiveSince, messagesSince } from './page-functions.ts';

/** Clocks differ, and messages arrive out of order: this much before the mark is read again, in seconds. */
const SLACK_S = 120;
const MOST_PER_CHAT = 5_000;

/**
 * Reads everything since a mark, chat by chat, oldest first within each.
 *
 * @param since seconds up to which everything is on record
 * @param notBefore what is older never belonged to this session
 * @returns the chats of which older messages remained unread, because there were too many
 * @throws TransportError
 */
export async function catchUp(
  page: PageCalls,
  deadlines: Deadlines,
  { since, notBefore }: { since: number; notBefore: number },
  found: (message: RawMessage) => void,
): Promise<readonly ChatId[]> {
  const floor = Math.max(notBefore, since - SLACK_S);
  const cut: ChatId[] = [];
  for (const chat of await page.call(chatsActiveSince, deadlines.call, floor)) {
    const { messages, complete } = await page.call(messagesSince, deadlines.call, chat, floor, MOST_PER_CHAT);
    for (const message of messages) found(message as unknown as RawMessage);
    if (!complete) cut.push(chat as ChatId);
  }
  return cut;
}

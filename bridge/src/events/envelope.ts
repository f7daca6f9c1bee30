/** The envelope of an event, computed once when it is recorded. */
import type { ChatId, SessionName } from '../contract/ids.ts';
import type { Envelope } from '../contract/filter.ts';
import { definitionOf, type NewEvent } from '../contract/events.ts';
import { addressKeys, chatKindOf } from '../contract/whatsapp-id.ts';

/** What is kept in order: a chat of a session, or the session where an event has no chat. */
export const laneOf = (session: SessionName | null, chatId: ChatId | null): string =>
  `${session ?? ''}|${chatId ?? ''}`;

/** The immutable part of an event, without its position. */
export function envelopeOf(event: NewEvent): Omit<Envelope, 'seq'> {
  const chatId = (event.chat?.chatId ?? null) as ChatId | null;
  return {
    id: event.id,
    type: event.type,
    session: event.session,
    chatId,
    chatKind: chatId === null ? null : chatKindOf(chatId),
    senderKeys: event.sender ? addressKeys(event.sender) : [],
    fromMe: fromMeOf(event),
    occurredAt: event.occurredAt,
    lane: laneOf(event.session, chatId),
  };
}

/** Whose message or act it is, as the catalogue says of its type. */
function fromMeOf({ type, data }: NewEvent): boolean | null {
  const { fromMe } = definitionOf(type);
  return typeof fromMe === 'function' ? fromMe(data) : fromMe;
}

/** The only place that parses or builds WhatsApp ids; phone numbers are read by `phone-number.ts`. */
import type { Address, ChatKind } from './address.ts';
import { WabError } from './errors.ts';
import type { ChatId, MessageId } from './ids.ts';
import { currentForm, formsOf, parseDigits, visibleText } from './phone-number.ts';

const KIND_BY_SERVER: Readonly<Record<string, ChatKind>> = {
  'c.us': 'direct',
  lid: 'direct',
  'g.us': 'group',
  newsletter: 'channel',
  broadcast: 'broadcast',
};
const CHAT_ID = /^([0-9A-Za-z.-]{1,40})@(c\.us|s\.whatsapp\.net|lid|g\.us|newsletter|broadcast)$/;

/** The kind of a chat, from its id. */
export function chatKindOf(chatId: ChatId): ChatKind {
  if (chatId === 'status@broadcast') return 'status';
  const server = chatId.slice(chatId.indexOf('@') + 1);
  return KIND_BY_SERVER[server] ?? 'direct';
}

/**
 * A chat id from any form a person may type or copy: `+49 151 …`, `0049151…`, `49151…`, `…@c.us`, `…@s.whatsapp.net`,
 * `…@lid`, `…@g.us`, with or without invisible marks around it.
 *
 * @throws WabError WAB_ADDRESS_INVALID; the message does not repeat the input
 */
export function parseChatId(input: string): ChatId {
  const text = visibleText(input);
  const match = CHAT_ID.exec(text);
  if (match) return (match[2] === 's.whatsapp.net' ? `${match[1]}@c.us` : text) as ChatId;
  if (text.includes('@'))
    throw invalid('WAB_ADDRESS_INVALID', 'it does not have the form <id>@<server> that WhatsApp uses', input);
  const digits = parseDigits(text);
  if (digits === null)
    throw invalid('WAB_ADDRESS_INVALID', 'it is not a possible phone number with a country code', input);
  return `${digits}@c.us` as ChatId;
}

/**
 * A phone number from any form a person may type, as `+` and digits.
 *
 * @throws WabError WAB_PHONE_INVALID; the message does not repeat the input
 */
export function parsePhone(input: string): string {
  try {
    const { phone } = addressOf(parseChatId(input));
    if (phone !== undefined) return phone;
  } catch {
    // Said below, in words for a phone.
  }
  throw invalid('WAB_PHONE_INVALID', 'it must be a country code and a number, and nothing else', input);
}

const invalid = (code: 'WAB_ADDRESS_INVALID' | 'WAB_PHONE_INVALID', reason: string, given: string): WabError =>
  new WabError(code, { reason }, { given });

/** The address that a chat id alone tells. It has a phone number only if that would be taken back as this chat. */
export function addressOf(chatId: ChatId, name?: string): Address {
  const [user, server] = chatId.split('@') as [string, string];
  const isPhone = server === 'c.us' && /^\d+$/.test(user) && parseDigits(user) === user;
  return {
    chatId,
    ...(isPhone ? { phone: `+${user}` } : {}),
    ...(server === 'lid' ? { lid: chatId } : {}),
    ...(name ? { name } : {}),
  };
}

/**
 * The ids under which WhatsApp may know the person of a chat, the given one first. More than one only if a country
 * changed its numbers.
 */
export function chatFormsOf(chatId: ChatId): readonly [ChatId, ...ChatId[]] {
  const digits = digitsOf(chatId);
  const others = digits === null ? [] : formsOf(digits).slice(1);
  return [chatId, ...others.map((other) => `${other}@c.us` as ChatId)];
}

/** One id for all forms of a person's number, for as long as WhatsApp has not told which of them it uses. */
export function currentChatId(chatId: ChatId): ChatId {
  const digits = digitsOf(chatId);
  return digits === null ? chatId : (`${currentForm(digits)}@c.us` as ChatId);
}

const digitsOf = (chatId: ChatId): string | null => /^(\d+)@c\.us$/.exec(chatId)?.[1] ?? null;

/** Every form by which a filter may name a person. */
export function addressKeys(address: Address): readonly string[] {
  return [...new Set([address.chatId, address.phone, address.lid].filter((key): key is string => key !== undefined))];
}

/** The serialised form of a message key: `<fromMe>_<chat>_<id>[_<participant>]`. */
export function messageIdOf(fromMe: boolean, chatId: ChatId, stanzaId: string, participant?: ChatId): MessageId {
  return `${fromMe}_${chatId}_${stanzaId}${participant ? `_${participant}` : ''}` as MessageId;
}

/**
 * The ids that one message may have, the given one first: WhatsApp names the chat, or in a group the author, by phone
 * number or by lid, and may change from the one to the other.
 *
 * @param chat the message's chat, with all the names that are known
 * @param author who wrote it, where that is known
 */
export function messageIdsOf(
  messageId: MessageId,
  chat: Address,
  author: Address | null,
): readonly [MessageId, ...MessageId[]] {
  const match = MESSAGE_ID.exec(messageId);
  if (!match) return [messageId];
  const [, fromMe, chatId, stanzaId, participant] = match as unknown as [string, string, ChatId, string, ChatId?];
  const isMine = fromMe === 'true';
  const isDirect = chatKindOf(chatId) === 'direct';
  if (isDirect === (participant !== undefined)) return [messageId];
  const others = isDirect
    ? otherNames(chatId, chat).map((name) => messageIdOf(isMine, name, stanzaId))
    : otherNames(participant as ChatId, author).map((name) => messageIdOf(isMine, chatId, stanzaId, name));
  return [messageId, ...others];
}

const MESSAGE_ID = /^(true|false)_([^_]+@[^_]+)_([^_]+)(?:_([^_]+@[^_]+))?$/;

/** The names of a person besides the given one; none if the address is somebody else's. */
function otherNames(name: ChatId, address: Address | null): readonly ChatId[] {
  const names = address === null ? [] : namesOf(address);
  return names.includes(name) ? names.filter((each) => each !== name) : [];
}

/** The ids by which WhatsApp may name a person or group, the one that is used first. */
export function namesOf({ chatId, phone, lid }: Address): readonly ChatId[] {
  const phoneId = phone === undefined ? undefined : `${phone.slice(1)}@c.us`;
  return [...new Set([chatId, phoneId, lid].filter((each): each is ChatId => each !== undefined))];
}

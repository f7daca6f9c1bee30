/** The only place that parses or builds WhatsApp ids and phone numbers. */
import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { Address, ChatKind } from '../contract/address.ts';
import { WabError } from '../contract/errors.ts';
import type { ChatId, WireId } from '../contract/ids.ts';

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
 * A chat id from any form a person may type: `+49 151 …`, `0049151…`, `49151…`, `…@c.us`, `…@s.whatsapp.net`, `…@lid`,
 * `…@g.us`.
 *
 * @throws WabError WAB_ADDRESS_INVALID, without repeating the input
 */
export function parseChatId(input: string): ChatId {
  const text = input.trim();
  const match = CHAT_ID.exec(text);
  if (match) return (match[2] === 's.whatsapp.net' ? `${match[1]}@c.us` : text) as ChatId;
  if (text.includes('@'))
    throw new WabError('WAB_ADDRESS_INVALID', { reason: 'it is not of a form <id>@<server> that WhatsApp uses' });
  const international = text.startsWith('+') ? text : text.startsWith('00') ? `+${text.slice(2)}` : `+${text}`;
  const phone = parsePhoneNumberFromString(international);
  if (!phone?.isPossible())
    throw new WabError('WAB_ADDRESS_INVALID', { reason: 'it is no possible phone number with a country code' });
  return `${phone.number.slice(1)}@c.us` as ChatId;
}

/**
 * A phone number from any form a person may type, as `+` and digits.
 *
 * @throws WabError WAB_PHONE_INVALID, without repeating the input
 */
export function parsePhone(input: string): string {
  try {
    const { phone } = addressOf(parseChatId(input));
    if (phone !== undefined) return phone;
  } catch {
    // Said below, in words for a phone.
  }
  throw new WabError('WAB_PHONE_INVALID', { reason: 'a country code and a number are needed, nothing else' });
}

/** The address that a chat id alone tells. */
export function addressOf(chatId: ChatId, name?: string): Address {
  const [user, server] = chatId.split('@') as [string, string];
  return {
    chatId,
    ...(server === 'c.us' && /^\d+$/.test(user) ? { phone: `+${user}` } : {}),
    ...(server === 'lid' ? { lid: chatId } : {}),
    ...(name ? { name } : {}),
  };
}

/** Every form by which a filter may name a person. */
export function addressKeys(address: Address): readonly string[] {
  return [...new Set([address.chatId, address.phone, address.lid].filter((key): key is string => key !== undefined))];
}

/** The serialised form of a message key: `<fromMe>_<chat>_<id>[_<participant>]`. */
export function wireIdOf(fromMe: boolean, chatId: ChatId, stanzaId: string, participant?: ChatId): WireId {
  return `${fromMe}_${chatId}_${stanzaId}${participant ? `_${participant}` : ''}` as WireId;
}

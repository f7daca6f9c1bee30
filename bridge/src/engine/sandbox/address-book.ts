/** Whom the simulated network knows. */
import type { Address } from '../../contract/address.ts';
import type { ChatId } from '../../contract/ids.ts';
import { addressOf, chatFormsOf, chatKindOf } from '../../contract/whatsapp-id.ts';
import type { AccountMemory } from './account-memory.ts';

/** Numbers with this ending have no account, so that every client can try out an unknown recipient. */
const NO_ACCOUNT = /000000@c\.us$/;
/** The form under which WhatsApp keeps accounts of countries that changed their numbers; the other leads to it. */
const KEPT_UNDER = /^(?:521\d{10}|549\d{10}|229\d{8}|225\d{8}|55(?:1\d|2[1-8])9\d{8}|55(?:29|[3-9]\d)\d{8})@c\.us$/;

/** The id that the network uses for the holder of a number, in whichever form it was asked for. */
export function networkId(chatId: ChatId): ChatId {
  return chatFormsOf(chatId).find((form) => KEPT_UNDER.test(form)) ?? chatId;
}

/**
 * The address of a chat as the account sees it, or null if there is none: a number that ends in 000000 or was
 * declared not to exist, or a group in which nobody has written yet.
 */
export function knownAddress(memory: AccountMemory, chatId: ChatId): Address | null {
  if (chatKindOf(chatId) !== 'direct') return memory.groups.has(chatId) ? addressOf(chatId) : null;
  const contact =
    chatFormsOf(chatId)
      .map((form) => memory.contacts.get(form))
      .find((each) => each !== undefined) ?? [...memory.contacts.values()].find((each) => each.lid === chatId);
  if (!contact) return NO_ACCOUNT.test(chatId) ? null : addressOf(networkId(chatId));
  if (contact.exists === false) return null;
  const named = contact.name === undefined ? {} : { name: contact.name };
  if (contact.lid && contact.hidesPhone) return { chatId: contact.lid, lid: contact.lid, ...named };
  return { ...addressOf(contact.phone as ChatId), ...(contact.lid ? { lid: contact.lid } : {}), ...named };
}

/** Whether a chat is known under one of these ids. */
export const isOneOf = (ids: readonly ChatId[], { chatId, lid }: Address): boolean =>
  ids.some((id) => id === chatId || id === lid);

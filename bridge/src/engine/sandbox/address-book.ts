/** Whom the simulated network knows. */
import type { Address } from '../../contract/address.ts';
import type { ChatId } from '../../contract/ids.ts';
import { addressOf, chatKindOf } from '../whatsapp-id.ts';
import type { AccountMemory } from './account-memory.ts';

/** Numbers with this ending have no account, so that every client can try out an unknown recipient. */
const NO_ACCOUNT = /000000@c\.us$/;

/**
 * The address of a chat as the account sees it, or null where there is none: a number that ends in 000000 or was
 * declared not to exist, or a group in which nobody has written yet.
 */
export function knownAddress(memory: AccountMemory, chatId: ChatId): Address | null {
  if (chatKindOf(chatId) !== 'direct') return memory.groups.has(chatId) ? addressOf(chatId) : null;
  const contact = memory.contacts.get(chatId) ?? [...memory.contacts.values()].find((each) => each.lid === chatId);
  if (!contact) return NO_ACCOUNT.test(chatId) ? null : addressOf(chatId);
  if (contact.exists === false) return null;
  const named = contact.name === undefined ? {} : { name: contact.name };
  if (contact.lid && contact.hidesPhone) return { chatId: contact.lid, lid: contact.lid, ...named };
  return { ...addressOf(contact.phone as ChatId), ...(contact.lid ? { lid: contact.lid } : {}), ...named };
}

/** Addresses as full as they can be had: chat id, phone, lid and name, asked of the page and remembered for a while. */
import { LRUCache } from 'lru-cache';
import type { Address } from '../../../contract/address.ts';
import type { ChatId } from '../../../contract/ids.ts';
import { addressOf } from '../../../contract/whatsapp-id.ts';
import type { Deadlines } from '../deadlines.ts';
import type { PageCalls } from '../page/page-calls.ts';
import { askPhoneId, groupsWithLids, lookUp, type PageAddress, type Self } from '../page/page-functions.ts';

const REMEMBERED_MS = 10 * 60_000;

export class AddressBook {
  readonly #known = new LRUCache<ChatId, Address>({ max: 10_000, ttl: REMEMBERED_MS });
  readonly #lidGroups = new Set<ChatId>();
  readonly #page: () => PageCalls;
  readonly #deadlines: Deadlines;

  constructor(page: () => PageCalls, deadlines: Deadlines) {
    this.#page = page;
    this.#deadlines = deadlines;
  }

  /** Falls back to what the id alone tells where the page does not answer: an event is not lost for want of a name. */
  async find(chatId: ChatId): Promise<Address> {
    const remembered = this.#known.get(chatId);
    if (remembered) return remembered;
    try {
      const found = await this.#page().call(lookUp, this.#deadlines.call, chatId);
      if (found.lidAddressing) this.#lidGroups.add(chatId);
      const phoneId =
        found.phoneId ??
        (chatId.endsWith('@lid') ? await this.#page().call(askPhoneId, this.#deadlines.call, chatId) : null);
      const address = toAddress({ ...found, ...(phoneId === null ? {} : { phoneId }) });
      this.#known.set(chatId, address);
      return address;
    } catch {
      return addressOf(chatId);
    }
  }

  /** Asks how the groups name their members, on which the ids of messages to them depend. @throws TransportError */
  async learnGroups(): Promise<void> {
    for (const group of await this.#page().call(groupsWithLids, this.#deadlines.call))
      this.#lidGroups.add(group as ChatId);
  }

  /** Whether the members of a group are named by lid, as far as known. */
  usesLids(group: ChatId): boolean {
    return this.#lidGroups.has(group);
  }
}

function toAddress({ id, lid, phoneId, name }: PageAddress): Address {
  const phone = phoneId === undefined ? {} : addressOf(phoneId as ChatId);
  return {
    ...addressOf(id as ChatId, name),
    ...('phone' in phone ? { phone: phone.phone as string } : {}),
    ...(lid === undefined ? {} : { lid }),
  };
}

/** The linked account itself. */
export function selfAddress({ phoneId, lid, name }: Self): Address {
  const id = phoneId ?? lid;
  if (id === null) throw new Error('WhatsApp Web does not report which account is linked');
  return toAddress({
    id,
    ...(lid === null ? {} : { lid }),
    ...(phoneId === null ? {} : { phoneId }),
    ...(name === null ? {} : { name }),
  });
}

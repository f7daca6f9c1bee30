/** What the account's contacts have received: the oracle that tests count. */
import { chatFormsOf, parseChatId } from '../../contract/whatsapp-id.ts';
import type { AccountMemory, Outgoing } from './account-memory.ts';
import { isOneOf } from './address-book.ts';
import { Arrivals } from './arrivals.ts';
import type { NetworkContent } from './phone-network.ts';
import type { SandboxInboxEntry, SandboxInboxFilter } from './sandbox-contract.ts';
import { arrivedContentOf } from './written-content.ts';

export class Inbox {
  readonly #arrivals: Arrivals<Outgoing>;

  constructor(memory: AccountMemory) {
    this.#arrivals = new Arrivals(() => memory.outgoing.values());
  }

  /** Entries that match, oldest first; a message transmitted again under its id is one entry. */
  list(filter: SandboxInboxFilter = {}): readonly SandboxInboxEntry[] {
    const found = this.#arrivals.matching(this.#matcher(filter));
    return (filter.limit === undefined ? found : found.slice(-filter.limit)).map(entryOf);
  }

  /** The same once there are `atLeast`, or what there is after `waitMs` milliseconds. */
  async wait(filter: SandboxInboxFilter, atLeast: number, waitMs: number): Promise<readonly SandboxInboxEntry[]> {
    await this.#arrivals.until(this.#matcher(filter), atLeast, waitMs);
    return this.list(filter);
  }

  /** A message arrived that was not there before. */
  notify(arrived: Outgoing): void {
    this.#arrivals.notify(arrived);
  }

  /** Ends every wait. */
  close(): void {
    this.#arrivals.close();
  }

  #matcher(filter: SandboxInboxFilter): (outgoing: Outgoing) => boolean {
    const to = filter.to === undefined ? undefined : chatFormsOf(parseChatId(filter.to));
    return ({ via, message }) =>
      (filter.via === undefined || via === filter.via) &&
      (to === undefined || isOneOf(to, message.chat)) &&
      (filter.text === undefined || textOf(message) === filter.text);
  }
}

/** What a person reads of a message. */
const textOf = (content: NetworkContent): string | null => ('text' in content ? content.text : null);

function entryOf({ via, message, receivedAt, transmissions }: Outgoing): SandboxInboxEntry {
  return {
    messageId: message.messageId,
    chat: message.chat,
    via,
    ...arrivedContentOf(message),
    mentions: message.mentions.map((each) => each.chatId),
    quotedMessageId: message.quotedMessageId,
    receivedAt,
    transmissions,
  };
}

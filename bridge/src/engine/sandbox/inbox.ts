/** What the account's contacts hold in their hands: the oracle that tests count. */
import { parseChatId } from '../whatsapp-id.ts';
import type { AccountMemory, Outgoing } from './account-memory.ts';
import type { SandboxInboxEntry, SandboxInboxFilter } from './sandbox-contract.ts';

export class Inbox {
  readonly #memory: AccountMemory;
  readonly #waiting = new Set<(arrived: Outgoing | null) => void>();
  #closed = false;

  constructor(memory: AccountMemory) {
    this.#memory = memory;
  }

  /** Entries that match, oldest first; a message transmitted again under its id is one entry. */
  list(filter: SandboxInboxFilter = {}): readonly SandboxInboxEntry[] {
    const matches = this.#matcher(filter);
    const found = [...this.#memory.outgoing.values()].filter(matches);
    return (filter.limit === undefined ? found : found.slice(-filter.limit)).map(entryOf);
  }

  /** The same once there are `atLeast`, or what there is after `waitMs` milliseconds. */
  wait(filter: SandboxInboxFilter, atLeast: number, waitMs: number): Promise<readonly SandboxInboxEntry[]> {
    const matches = this.#matcher(filter);
    return new Promise((resolve) => {
      let count = [...this.#memory.outgoing.values()].filter(matches).length;
      const look = (arrived: Outgoing | null): void => {
        if (arrived && matches(arrived)) count += 1;
        if (count >= atLeast || this.#closed) finish();
      };
      const finish = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(this.list(filter));
      };
      const timer = setTimeout(finish, waitMs);
      this.#waiting.add(look);
      look(null);
    });
  }

  /** A message arrived that was not there before. */
  grown(arrived: Outgoing): void {
    for (const look of [...this.#waiting]) look(arrived);
  }

  /** Ends every wait. */
  close(): void {
    this.#closed = true;
    for (const look of [...this.#waiting]) look(null);
  }

  #matcher(filter: SandboxInboxFilter): (outgoing: Outgoing) => boolean {
    const to = filter.to === undefined ? undefined : parseChatId(filter.to);
    return ({ via, message }) =>
      (filter.via === undefined || via === filter.via) &&
      (to === undefined || message.chat.chatId === to || message.chat.lid === to) &&
      (filter.text === undefined || message.text === filter.text);
  }
}

function entryOf({ via, message, receivedAt, transmissions }: Outgoing): SandboxInboxEntry {
  const { media } = message;
  return {
    wireId: message.wireId,
    chat: message.chat,
    via,
    kind: media?.kind ?? 'text',
    text: message.text,
    mentions: message.mentions.map((each) => each.chatId),
    quotedMessageId: message.quotedWireId,
    media: media && {
      mimeType: media.mimeType,
      sizeBytes: media.sizeBytes,
      sha256: media.ref,
      ...(media.fileName === undefined ? {} : { fileName: media.fileName }),
    },
    receivedAt,
    transmissions,
  };
}

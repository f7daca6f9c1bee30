/** What the simulated servers and phones remember of one account: journal entries, and the state they add up to. */
import type { AckLevel } from '../../contract/message-data.ts';
import type { ReportedData, SendProgressType } from '../../contract/events.ts';
import type { ChatId, MessageId } from '../../contract/ids.ts';
import type { NetworkFact, NetworkMedia, NetworkMessage, NewMessageType } from './phone-network.ts';
import type { SandboxOperation, SandboxContact, SandboxFaults } from './sandbox-contract.ts';

export type AccountEntry =
  /** `phone` where it is not the session's usual one, as a chat id. */
  | { readonly t: 'linked'; readonly credential: string; readonly phone?: ChatId }
  | { readonly t: 'unlinked' }
  /** Something for the linked device; kept until it confirms. */
  | { readonly t: 'fact'; readonly number: number; readonly fact: NetworkFact }
  | { readonly t: 'confirmed'; readonly number: number }
  /** A message of the account reached the network; again under the same id is one more transmission. */
  | { readonly t: 'out'; readonly via: 'bridge' | 'phone'; readonly message: NetworkMessage; readonly at: string }
  /** No further acknowledgement of this message ever comes. */
  | { readonly t: 'silent'; readonly messageId: MessageId }
  /** Seen by the other side; what somebody types is not remembered. */
  | { readonly t: 'operation'; readonly operation: SandboxOperation }
  | { readonly t: 'contact'; readonly contact: SandboxContact }
  | { readonly t: 'faults'; readonly faults: SandboxFaults };

export interface Outgoing {
  readonly via: 'bridge' | 'phone';
  readonly message: NetworkMessage;
  readonly receivedAt: string;
  /** The login by which it left: the device forgets what it sent when it is unlinked. */
  readonly login: number;
  transmissions: number;
  level: AckLevel | null;
  silent: boolean;
}

/** What a fact that tells of the progress of a message says, by its type. */
type Progress = { readonly [T in Exclude<SendProgressType, NewMessageType>]: ReportedData<T> };

/** What the servers keep of it. */
const NOTE_PROGRESS: { readonly [T in keyof Progress]: (outgoing: Outgoing, data: Progress[T]) => void } = {
  'message.acknowledged': (outgoing, { ack }) => {
    outgoing.level = ack;
  },
  'message.failed': (outgoing) => {
    outgoing.silent = true;
  },
};
const isProgress = (fact: NetworkFact): fact is Extract<NetworkFact, { readonly type: keyof Progress }> =>
  fact.type in NOTE_PROGRESS;
const noteProgress = <T extends keyof Progress>(outgoing: Outgoing, type: T, data: Progress[T]): void =>
  NOTE_PROGRESS[type](outgoing, data);

/** How many confirmed facts stay at hand to be repeated after a reconnect. */
const RECENT = 50;
/** How many operations the other side remembers. */
const OPERATIONS = 10_000;

export class AccountMemory {
  credential: string | null = null;
  /** The phone that scanned last, where it is not the session's usual one. */
  phone: ChatId | null = null;
  /** Counts the links. */
  logins = 0;
  faults: SandboxFaults | null = null;
  /** Facts that the device has not confirmed, by number, oldest first. */
  readonly undelivered = new Map<number, NetworkFact>();
  /** The last confirmed messages, oldest first. */
  readonly recent = new Map<number, NetworkFact>();
  readonly outgoing = new Map<MessageId, Outgoing>();
  /** Every message there ever was, with its file, for quotes and downloads. */
  readonly known = new Map<MessageId, NetworkMedia | null>();
  /** The last operations of the account, oldest first. */
  readonly operations: SandboxOperation[] = [];
  /** How many messages of others are unread, by chat. */
  readonly unread = new Map<string, number>();
  readonly contacts = new Map<string, SandboxContact>();
  readonly groups = new Set<string>();
  lastNumber = 0;
  transmissions = 0;

  apply(entry: AccountEntry): void {
    switch (entry.t) {
      case 'linked':
        this.credential = entry.credential;
        this.phone = entry.phone ?? null;
        this.logins += 1;
        return;
      case 'unlinked':
        this.credential = null;
        return;
      case 'fact':
        this.undelivered.set(entry.number, entry.fact);
        this.lastNumber = Math.max(this.lastNumber, entry.number);
        this.#noteFact(entry.fact);
        return;
      case 'confirmed':
        this.#confirm(entry.number);
        return;
      case 'out':
        this.#noteOutgoing(entry);
        return;
      case 'silent': {
        const outgoing = this.outgoing.get(entry.messageId);
        if (outgoing) outgoing.silent = true;
        return;
      }
      case 'operation':
        this.noteOperation(entry.operation);
        return;
      case 'contact':
        this.contacts.set(entry.contact.phone, entry.contact);
        return;
      case 'faults':
        this.faults = entry.faults;
    }
  }

  noteOperation(operation: SandboxOperation): void {
    this.operations.push(operation);
    if (this.operations.length > OPERATIONS) this.operations.shift();
    if (operation.kind === 'read') this.unread.delete(operation.chat.chatId);
  }

  #noteFact(fact: NetworkFact): void {
    if (fact.type === 'message') {
      this.#noteMessage(fact.message);
      const { chatId } = fact.message.chat;
      if (!fact.message.fromMe) this.unread.set(chatId, (this.unread.get(chatId) ?? 0) + 1);
      return;
    }
    if (!isProgress(fact)) return;
    const outgoing = this.outgoing.get(fact.data.messageId as MessageId);
    if (outgoing) noteProgress(outgoing, fact.type, fact.data);
  }

  #noteMessage(message: NetworkMessage): void {
    this.known.set(message.messageId, message.media);
    if (message.chat.chatId.endsWith('@g.us')) this.groups.add(message.chat.chatId);
  }

  #noteOutgoing(entry: Extract<AccountEntry, { t: 'out' }>): void {
    this.transmissions += 1;
    const first = this.outgoing.get(entry.message.messageId);
    if (first) {
      first.transmissions += 1;
      return;
    }
    this.#noteMessage(entry.message);
    this.outgoing.set(entry.message.messageId, {
      via: entry.via,
      message: entry.message,
      receivedAt: entry.at,
      login: this.logins,
      transmissions: 1,
      level: null,
      silent: entry.via === 'phone',
    });
  }

  #confirm(number: number): void {
    const fact = this.undelivered.get(number);
    if (!fact) return;
    this.undelivered.delete(number);
    if (fact.type !== 'message') return;
    this.recent.set(number, fact);
    if (this.recent.size > RECENT) this.recent.delete(this.recent.keys().next().value as number);
  }
}

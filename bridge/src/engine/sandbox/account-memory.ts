/** What the simulated servers and phones remember of one account: journal entries, and the state they add up to. */
import type { AckLevel } from '../../contract/message-data.ts';
import { definitionOf, EVENT_CATALOGUE } from '../../contract/events.ts';
import type { ChatId, MessageId } from '../../contract/ids.ts';
import { KIND_CATALOGUE } from '../../contract/kinds.ts';
import {
  networkMediaOf,
  type NetworkContent,
  type NetworkFact,
  type NetworkMedia,
  type NetworkMessage,
} from './phone-network.ts';
import type { SandboxOperation, SandboxContact, SandboxFaults } from './sandbox-contract.ts';

export type AccountEntry =
  /** `phone` where it is not the session's usual one, as a chat id. */
  | { readonly t: 'linked'; readonly credential: string; readonly phone?: ChatId }
  | { readonly t: 'unlinked' }
  /** Something for the linked device; kept until it confirms. With the file, if it brings a message that has one. */
  | { readonly t: 'fact'; readonly number: number; readonly fact: NetworkFact; readonly file?: NetworkMedia }
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

const ENTRY_TYPES: Readonly<Record<AccountEntry['t'], true>> = {
  linked: true,
  unlinked: true,
  fact: true,
  confirmed: true,
  out: true,
  silent: true,
  operation: true,
  contact: true,
  faults: true,
};

/** What is not known of an entry that a newer version may have written; null if this version knows it. */
export function unknownIn(entry: AccountEntry): string | null {
  if (!Object.hasOwn(ENTRY_TYPES, entry.t)) return entry.t;
  if (entry.t === 'out') return unknownKind(entry.message);
  if (entry.t !== 'fact') return null;
  if (!Object.hasOwn(EVENT_CATALOGUE, entry.fact.type)) return entry.fact.type;
  return bringsMessage(entry.fact) ? unknownKind(entry.fact.data as NetworkContent) : null;
}

const unknownKind = ({ kind }: NetworkContent): string | null =>
  Object.hasOwn(KIND_CATALOGUE, kind) ? null : `a message of the kind ${kind}`;

/** Whether a fact brings a message. */
const bringsMessage = ({ type }: NetworkFact): boolean => {
  const { about } = definitionOf(type);
  return about.kind === 'message' && about.isNew;
};

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
        this.#noteFact(entry.fact, entry.file ?? null);
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

  #noteFact(fact: NetworkFact, file: NetworkMedia | null): void {
    const { about, movesOutbox } = definitionOf(fact.type);
    if (about.kind !== 'message') return;
    const messageId = (fact.data as unknown as Readonly<Record<string, MessageId>>)[about.id]!;
    if (about.isNew) this.#noteMessage(messageId, fact.chat.chatId, file);
    if (fact.type === 'message.received') {
      const { chatId } = fact.chat;
      this.unread.set(chatId, (this.unread.get(chatId) ?? 0) + 1);
    }
    const outgoing = this.outgoing.get(messageId);
    if (!outgoing) return;
    if (fact.type === 'message.acknowledged') outgoing.level = fact.data.ack;
    if (movesOutbox?.(fact.data).to === 'failed') outgoing.silent = true;
  }

  #noteMessage(messageId: MessageId, chatId: string, file: NetworkMedia | null): void {
    this.known.set(messageId, file);
    if (chatId.endsWith('@g.us')) this.groups.add(chatId);
  }

  #noteOutgoing(entry: Extract<AccountEntry, { t: 'out' }>): void {
    this.transmissions += 1;
    const first = this.outgoing.get(entry.message.messageId);
    if (first) {
      first.transmissions += 1;
      return;
    }
    this.#noteMessage(entry.message.messageId, entry.message.chat.chatId, networkMediaOf(entry.message));
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
    if (!bringsMessage(fact)) return;
    this.recent.set(number, fact);
    if (this.recent.size > RECENT) this.recent.delete(this.recent.keys().next().value as number);
  }
}

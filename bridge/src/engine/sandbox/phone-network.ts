/**
 * The simulated WhatsApp network as a linked device (the sandbox engine) meets it. `local-network.ts` holds it in this
 * process, `remote-network.ts` reaches one in another process; both run the same code of `phone-account.ts`.
 */
import type { Readable } from 'node:stream';
import type { Address } from '../../contract/address.ts';
import type { TypingState } from '../../contract/chats.ts';
import type { ReportedContent } from '../../contract/kinds.ts';
import type { ChatId, SessionName, MessageId } from '../../contract/ids.ts';
import type { EngineFact, SendStatus } from '../engine.ts';
import type { REPORTED_EVENTS } from './events.generated.ts';

/** A file that the network stores under the digest of its bytes. */
export interface NetworkMedia {
  readonly mimeType: string;
  readonly sizeBytes: number;
  readonly fileName?: string;
  /** SHA-256 of the bytes, hex. */
  readonly ref: string;
}

/** What a message says, with its file as the network stores it. */
export type NetworkContent = WithStoredFile<ReportedContent>;
type WithStoredFile<Content> = Content extends { readonly media: unknown }
  ? Omit<Content, 'media'> & { readonly media: NetworkMedia }
  : Content;

/** The file of a message, or null. */
export const networkMediaOf = (content: NetworkContent): NetworkMedia | null =>
  'media' in content ? content.media : null;

export type NetworkMessage = NetworkContent & {
  readonly messageId: MessageId;
  readonly chat: Address;
  readonly sender: Address;
  readonly fromMe: boolean;
  /** ISO 8601 */
  readonly sentAt: string;
  readonly mentions: readonly Address[];
  readonly quotedMessageId: MessageId | null;
};

/** What the network tells of, and the engine reports: each type has one file, `events/<noun>/<verb>.ts`. */
export type SandboxEventType = (typeof REPORTED_EVENTS)[number]['type'];
/** A fact of the event catalogue, as the engine reports it, in JSON. */
export type NetworkFact = AsJson<EngineFact<SandboxEventType>>;

type AsJson<Fact> = Fact extends { readonly at: Date } ? Omit<Fact, 'at'> & { readonly at: string } : never;

/** A message on its way out. The device chose the id, as linked devices do. */
export type NetworkSend = NetworkContent & {
  readonly messageId: MessageId;
  readonly chatId: ChatId;
  readonly mentions: readonly ChatId[];
  readonly quotedMessageId: MessageId | null;
};

export type SendAnswer =
  | { readonly taken: true; readonly sentAt: string }
  | {
      readonly taken: false;
      readonly why: 'chat_unknown' | 'quoted_unknown' | 'refused' | 'busy';
      readonly retryAfterMs?: number;
    };

export type PairingAnswer =
  | { readonly given: true; readonly code: string; readonly expiresAt: string }
  | { readonly given: false; readonly why: 'linked' | 'not_waiting' | 'unknown_number' | 'limited' };

export type MediaAnswer =
  | { readonly state: 'here'; readonly ref: string; readonly sizeBytes: number }
  | { readonly state: 'gone' }
  | { readonly state: 'later' };

/** What a device does in a chat besides sending. */
export type NetworkOperation = { readonly chatId: ChatId } & (
  | { readonly kind: 'reaction'; readonly targetMessageId: MessageId; readonly emoji: string }
  | { readonly kind: 'read' }
  | { readonly kind: 'typing'; readonly state: TypingState }
);

export type OperationAnswer =
  | { readonly taken: true; readonly at: string }
  | {
      readonly taken: false;
      readonly why: 'chat_unknown' | 'message_unknown' | 'refused' | 'busy';
      readonly retryAfterMs?: number;
    };

/** What the network tells a device. */
export type DeviceEvent =
  | { readonly on: 'qr'; readonly code: string; readonly expiresAt: string }
  | { readonly on: 'pairing_code'; readonly code: string; readonly expiresAt: string }
  /** A code was scanned or typed: keep the credential, then call `online`. */
  | { readonly on: 'linked'; readonly credential: string; readonly self: Address }
  /** The credential was accepted: call `online`. */
  | { readonly on: 'accepted'; readonly self: Address }
  | { readonly on: 'ready'; readonly self: Address }
  /** Repeated until confirmed; the same fact keeps its number. */
  | { readonly on: 'fact'; readonly number: number; readonly fact: NetworkFact }
  /** The credential is void. Nothing follows. */
  | { readonly on: 'unlinked'; readonly reason: string }
  /** The device is to die as a browser would. Nothing follows. */
  | { readonly on: 'crash' }
  /** The connection is closed. Nothing follows. */
  | { readonly on: 'closed'; readonly reason: string };

/**
 * What a device can ask the network, each with at most one argument, so that a call is its name and what it is about wherever
 * it goes (`device-calls.ts`). Rejects with `ConnectionLost` if the connection broke before an answer. May never settle: keep a
 * deadline.
 */
export interface DeviceCalls {
  send(message: NetworkSend): Promise<SendAnswer>;
  perform(operation: NetworkOperation): Promise<OperationAnswer>;
  sendStatus(messageId: MessageId): Promise<SendStatus>;
  /** Null if WhatsApp knows no such chat. */
  resolve(chatId: ChatId): Promise<Address | null>;
  media(messageId: MessageId): Promise<MediaAnswer>;
  /** A code that links this device once somebody types it on the phone. */
  pair(phone: string): Promise<PairingAnswer>;
  /** Unlinks this device. */
  unlink(): Promise<void>;
}

/** One connection of a device. A newer one of the same session cuts the older, with whatever it still had to say. */
export interface DeviceConnection extends DeviceCalls {
  /** The device is ready to take facts: `ready` follows, then what waited. */
  online(): void;
  /** The fact is durable on the device's side. */
  confirm(number: number): void;
  close(): void;
}

/** The connection broke: what was in flight has an unknown outcome. */
export class ConnectionLost extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'ConnectionLost';
  }
}

export interface PhoneNetwork {
  /**
   * @param credential what an earlier `linked` gave, null for a device that is not linked
   * @throws ConnectionLost; WabError if another try does not help before a person has acted, unless it is retryable
   */
  connect(
    session: SessionName,
    credential: string | null,
    listener: (event: DeviceEvent) => void,
  ): Promise<DeviceConnection>;
  storeMedia(session: SessionName, bytes: Readable): Promise<{ readonly ref: string; readonly sizeBytes: number }>;
  openMedia(session: SessionName, ref: string): Promise<Readable>;
  /** Removes the account with all that its phone remembers. */
  forget(session: SessionName): Promise<void>;
}

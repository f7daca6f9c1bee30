/**
 * The constructors of events; nothing else makes one. Each states its identity rule: what must be equal for two reports
 * to be the same fact.
 */
import { createHash } from 'node:crypto';
import type { Address } from '../contract/address.ts';
import { fileNameField } from '../contract/file-name.ts';
import type { MessageData, MessageMedia, NewEvent, SessionState } from '../contract/events.ts';
import {
  deriveEventId,
  uniqueOccurrence,
  type ChatId,
  type EventId,
  type MediaId,
  type OutboxId,
  type SessionName,
  type SubscriptionName,
  type MessageId,
} from '../contract/ids.ts';
import type { EngineFact, EngineMedia, EngineMessage } from '../engine/engine.ts';
import { messageIdsOfFact } from '../engine/fact-ids.ts';
import { addressOf, messageIdsOf } from '../contract/whatsapp-id.ts';

/**
 * A message as an engine reports it. Same fact: same direction, same message id, whichever name its chat or author goes
 * by.
 */
export function messageReported(
  session: SessionName,
  message: EngineMessage,
  outboxId: OutboxId | null,
): NewEvent<'message.received' | 'message.sent'> {
  const type = message.fromMe ? 'message.sent' : 'message.received';
  const ids = messageEventIds(session, type, message.messageId, message.chat, message.sender);
  return {
    ...ids,
    type,
    session,
    occurredAt: message.sentAt.toISOString(),
    chat: message.chat,
    sender: message.sender,
    data: {
      messageId: message.messageId,
      kind: message.kind,
      text: message.text,
      fromMe: message.fromMe,
      mentions: [...message.mentions],
      quotedMessageId: message.quotedMessageId,
      media: message.media && describeMedia(mediaIdOf(ids.id), message.media),
      ...(outboxId === null ? {} : { outboxId }),
      ...(message.rawKind === undefined ? {} : { rawKind: message.rawKind }),
    },
  };
}

/** What the outbox knows of a message it sent. */
export interface SentMessage {
  readonly session: SessionName;
  readonly chat: Address;
  readonly sender: Address | null;
  readonly messageId: MessageId;
  readonly sentAt: Date;
  readonly outboxId: OutboxId;
  readonly content: {
    readonly quotedMessageId?: MessageId;
    readonly mentions?: readonly ChatId[];
  } & (
    | { readonly type: 'text'; readonly text: string }
    | {
        readonly type: 'image' | 'video' | 'audio' | 'document';
        readonly mediaId: MediaId;
        readonly caption?: string;
        readonly fileName?: string;
        readonly mimeType?: string;
      }
  );
}

/** A message that the outbox sent. Same fact: same message id, so the engine's own report of it is the same event. */
export function messageSent(sent: SentMessage): NewEvent<'message.sent'> {
  const ids = messageEventIds(sent.session, 'message.sent', sent.messageId, sent.chat, sent.sender);
  return {
    ...ids,
    type: 'message.sent',
    session: sent.session,
    occurredAt: sent.sentAt.toISOString(),
    chat: sent.chat,
    sender: sent.sender,
    data: {
      messageId: sent.messageId,
      fromMe: true,
      mentions: (sent.content.mentions ?? []).map((chatId) => addressOf(chatId)),
      quotedMessageId: sent.content.quotedMessageId ?? null,
      outboxId: sent.outboxId,
      ...sentBody(sent.content),
    },
  };
}

/** WhatsApp confirmed a message of this account. Same fact: same message, as above, and level. */
export function messageAcknowledged(
  session: SessionName,
  fact: Extract<EngineFact, { kind: 'ack' }>,
  outboxId: OutboxId | null,
): NewEvent<'message.acknowledged'> {
  const ids = idsFor(messageIdsOfFact(fact), (messageId) =>
    deriveEventId(session, 'message.acknowledged', messageId, fact.level),
  );
  return {
    ...ids,
    type: 'message.acknowledged',
    session,
    occurredAt: fact.at.toISOString(),
    chat: fact.chat,
    sender: null,
    data: { messageId: fact.messageId, ack: fact.level, ...(outboxId === null ? {} : { outboxId }) },
  };
}

/** WhatsApp could not send a message it had taken. Same fact: same message, as above. */
export function messageFailed(
  session: SessionName,
  fact: Extract<EngineFact, { kind: 'send_failed' }>,
  outboxId: OutboxId | null,
): NewEvent<'message.failed'> {
  const ids = idsFor(messageIdsOfFact(fact), (messageId) => deriveEventId(session, 'message.failed', messageId));
  return {
    ...ids,
    type: 'message.failed',
    session,
    occurredAt: fact.at.toISOString(),
    chat: fact.chat,
    sender: null,
    data: { messageId: fact.messageId, reason: fact.reason, ...(outboxId === null ? {} : { outboxId }) },
  };
}

/** A session moved to another state. Each is a fact of its own: sessions come and go between the same states. */
export const sessionStateChanged = (
  session: SessionName,
  change: { readonly from: SessionState; readonly to: SessionState; readonly reason: string },
  at: Date,
): NewEvent<'session.state_changed'> => ({
  ...ofSession(session, 'session.state_changed', at),
  data: { from: change.from, to: change.to, reason: change.reason },
});

/** A QR code waits to be scanned; the code itself is not an event. Each is a fact of its own. */
export const sessionQrIssued = (session: SessionName, expiresAt: Date, at: Date): NewEvent<'session.qr_issued'> => ({
  ...ofSession(session, 'session.qr_issued', at),
  data: { expiresAt: expiresAt.toISOString() },
});

/** A session is connected but does not work as it should. Each is a fact of its own. */
export const sessionDegraded = (session: SessionName, reason: string, at: Date): NewEvent<'session.degraded'> => ({
  ...ofSession(session, 'session.degraded', at),
  data: { reason },
});

/** A degraded session works again. Each is a fact of its own. */
export const sessionRecovered = (session: SessionName, reason: string, at: Date): NewEvent<'session.recovered'> => ({
  ...ofSession(session, 'session.recovered', at),
  data: { reason },
});

interface OutboxOutcome {
  readonly session: SessionName;
  readonly chat: Address | null;
  readonly outboxId: OutboxId;
  readonly reason: string;
  readonly at: Date;
}

/** An outbox message was given up on. Same fact: same outbox message, since `failed` is final. */
export function outboxFailed(failed: OutboxOutcome & { readonly code: string }): NewEvent<'outbox.failed'> {
  return {
    id: deriveEventId(failed.session, 'outbox.failed', failed.outboxId),
    type: 'outbox.failed',
    session: failed.session,
    occurredAt: failed.at.toISOString(),
    chat: failed.chat,
    sender: null,
    data: { outboxId: failed.outboxId, code: failed.code, reason: failed.reason },
  };
}

/**
 * Whether an outbox message left cannot be known. Same fact: same outbox message and attempt (it may be resent); where
 * it waited to be sent again and was not, also since when it waited, in milliseconds.
 */
export function outboxInDoubt(
  doubt: OutboxOutcome & { readonly attempt: number; readonly waitedSince?: number },
): NewEvent<'outbox.in_doubt'> {
  const { session, outboxId, attempt, waitedSince } = doubt;
  const again = waitedSince === undefined ? [] : [String(waitedSince)];
  return {
    id: deriveEventId(session, 'outbox.in_doubt', outboxId, String(attempt), ...again),
    type: 'outbox.in_doubt',
    session: doubt.session,
    occurredAt: doubt.at.toISOString(),
    chat: doubt.chat,
    sender: null,
    data: { outboxId: doubt.outboxId, reason: doubt.reason },
  };
}

/** A subscription that nobody used was removed. Same fact: same name, last used at the same time. */
export function subscriptionExpired(
  subscription: SubscriptionName,
  lastUsedAt: Date,
  at: Date,
): NewEvent<'subscription.expired'> {
  const used = lastUsedAt.toISOString();
  return {
    // A fact about the bridge: no session has an empty name, so that this id cannot be one of a session's.
    id: deriveEventId('' as SessionName, 'subscription.expired', subscription, used),
    type: 'subscription.expired',
    session: null,
    occurredAt: at.toISOString(),
    chat: null,
    sender: null,
    data: { subscription, lastUsedAt: used },
  };
}

/** The id of a message's medium, from the id of its event: a fact that is reported again names the same file. */
export function mediaIdOf(event: EventId): MediaId {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const digest = createHash('sha256').update(event).digest();
  // A ULID holds 128 bits, so its first character is at most 7.
  const characters = [...digest.subarray(0, 26)].map((byte, index) => alphabet[index === 0 ? byte % 8 : byte % 32]);
  return `med_${characters.join('')}` as MediaId;
}

type Ids = Pick<NewEvent, 'id' | 'aliases'>;

const idsFor = (messageIds: readonly [MessageId, ...MessageId[]], derive: (messageId: MessageId) => EventId): Ids => {
  const [id, ...aliases] = messageIds.map(derive) as [EventId, ...EventId[]];
  return aliases.length === 0 ? { id } : { id, aliases };
};

const messageEventIds = (
  session: SessionName,
  type: 'message.received' | 'message.sent',
  messageId: MessageId,
  chat: Address,
  sender: Address | null,
): Ids => idsFor(messageIdsOf(messageId, chat, sender), (each) => deriveEventId(session, type, each));

function ofSession<T extends 'session.state_changed' | 'session.qr_issued' | 'session.degraded' | 'session.recovered'>(
  session: SessionName,
  type: T,
  at: Date,
): Omit<NewEvent<T>, 'data'> {
  return {
    id: deriveEventId(session, type, uniqueOccurrence()),
    type,
    session,
    occurredAt: at.toISOString(),
    chat: null,
    sender: null,
  };
}

function describeMedia(mediaId: MediaId, media: EngineMedia): MessageMedia {
  return {
    mediaId,
    kind: media.kind,
    mimeType: media.mimeType,
    ...(media.sizeBytes === undefined ? {} : { sizeBytes: media.sizeBytes }),
    ...fileNameField(media.fileName),
  };
}

function sentBody(content: SentMessage['content']): Pick<MessageData, 'kind' | 'text' | 'media'> {
  if (content.type === 'text') return { kind: 'text', text: content.text, media: null };
  return {
    kind: content.type,
    text: content.caption ?? null,
    media: {
      mediaId: content.mediaId,
      kind: content.type,
      mimeType: content.mimeType ?? 'application/octet-stream',
      ...fileNameField(content.fileName),
    },
  };
}

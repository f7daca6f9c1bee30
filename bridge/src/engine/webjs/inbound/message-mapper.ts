/** whatsapp-web.js's messages as the engine reports them. */
import type { AckLevel } from '../../../contract/message-data.ts';
import type { Address } from '../../../contract/address.ts';
import type { ChatId, MessageId } from '../../../contract/ids.ts';
import type { EngineMessage } from '../../engine.ts';
import { messageIdOf } from '../../../contract/whatsapp-id.ts';
import { contentOf } from './message-content.ts';
import { idText, type RawMessage } from './raw-message.ts';

/**
 * What is left of a message that is not as expected, so that it is at least reported: who wrote what kind of message
 * when, and where.
 */
export function barest({ id, from, to, author, t, type, subtype, ack, notifyName }: RawMessage): RawMessage {
  const known = { id, from, to, author, t, type, subtype, ack, notifyName, unreadable: true };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined)) as unknown as RawMessage;
}

/** The people of a message, by id, before their addresses are looked up. */
export interface MessageIds {
  readonly messageId: MessageId;
  readonly chat: ChatId;
  readonly sender: ChatId;
  readonly mentions: readonly ChatId[];
  readonly quotedMessageId: MessageId | null;
}

/** Rows that WhatsApp Web keeps among messages but that nobody wrote. `ciphertext` comes again once it is decrypted. */
const NO_MESSAGE = new Set([
  'e2e_notification',
  'notification',
  'notification_template',
  'broadcast_notification',
  'gp2',
  'protocol',
  'call_log',
  'debug',
  'ciphertext',
]);
const ACK_LEVELS: Readonly<Record<number, AckLevel>> = { 1: 'server', 2: 'delivered', 3: 'read', 4: 'played' };

/** A message that may be decrypted later. Some never reach linked devices, such as one to be viewed once. */
export const isUndecrypted = (raw: Pick<RawMessage, 'type' | 'subtype'>): boolean =>
  raw.type === 'ciphertext' && !isUnavailable(raw);

const isUnavailable = ({ type, subtype }: Pick<RawMessage, 'type' | 'subtype'>): boolean =>
  type === 'ciphertext' && Boolean(subtype?.endsWith('_unavailable_fanout'));

export const isMessage = (raw: Pick<RawMessage, 'type' | 'subtype'>): boolean =>
  !NO_MESSAGE.has(raw.type) || isUnavailable(raw);

/** The level of an acknowledgement; undefined for one that says nothing (pending) or that sending failed (negative). */
export const ackLevelOf = (ack: number): AckLevel | undefined => ACK_LEVELS[ack];

/**
 * @param self ids of the linked account, by which a quoted message is told to be its own
 * @throws Error for a message without id, chat or time
 */
export function idsOf(raw: RawMessage, self: readonly string[]): MessageIds {
  const chat = idText(raw.id.remote);
  if (chat === undefined || !raw.id.id) throw new Error('WhatsApp Web gave a message without an id');
  if (!Number.isFinite(raw.t)) throw new Error('WhatsApp Web gave a message without a time');
  const group = chat.endsWith('@g.us');
  const participant = idText(raw.id.participant);
  const messageId = (raw.id._serialized ?? messageIdOf(raw.id.fromMe, chat, raw.id.id, participant)) as MessageId;
  const sender = (
    raw.id.fromMe ? (self[0] ?? idText(raw.from)) : (idText(raw.author) ?? participant ?? idText(raw.from))
  ) as ChatId | undefined;
  const quotedBy = idText(raw.quotedParticipant);
  return {
    messageId,
    chat,
    sender: sender ?? chat,
    mentions: (raw.mentionedJidList ?? []).map(idText).filter((id): id is ChatId => id !== undefined),
    quotedMessageId:
      raw.quotedStanzaID && quotedBy !== undefined
        ? messageIdOf(self.includes(quotedBy), chat, raw.quotedStanzaID, group ? quotedBy : undefined)
        : null,
  };
}

/** @param find the address of each id of `ids` */
export function toEngineMessage(raw: RawMessage, ids: MessageIds, find: (id: ChatId) => Address): EngineMessage {
  const sender = find(ids.sender);
  return {
    messageId: ids.messageId,
    chat: find(ids.chat),
    sender:
      sender.name === undefined && raw.notifyName && !raw.id.fromMe ? { ...sender, name: raw.notifyName } : sender,
    fromMe: raw.id.fromMe,
    sentAt: new Date(raw.t * 1000),
    mentions: ids.mentions.map(find),
    quotedMessageId: ids.quotedMessageId,
    ...contentOf(raw, isUnavailable(raw) ? (raw.subtype ?? raw.type) : raw.type),
  };
}

/** A message that the outbox sent, as the fact that an engine may report as well: both are one event. */
import type { Address } from '../contract/address.ts';
import { fileNameField } from '../contract/file-name.ts';
import type { EventReport, NewEvent } from '../contract/events.ts';
import type { AnyInput, GivenMedia } from '../contract/field-checks.ts';
import type { OutboxId, MessageId, SessionName } from '../contract/ids.ts';
import type { ReportedContent, SendableKind } from '../contract/kinds.ts';
import type { ReportedMedia } from '../contract/message-media.ts';
import { addressOf, parseChatId } from '../contract/whatsapp-id.ts';
import { eventOf } from '../events/event-constructors.ts';
import type { OutboxRow } from '../store/outbox-rows.ts';
import { contentOfRow, isKnown, mediaOfContent, operationOf } from './outbox-content.ts';
import { stateAfter } from './outbox-state.ts';

/** What the outbox knows of a message it sent. */
export interface SentMessage {
  readonly chat: Address;
  readonly sender: Address | null;
  readonly messageId: MessageId;
  readonly sentAt: Date;
  readonly outboxId: OutboxId;
  readonly kind: SendableKind;
  readonly input: AnyInput;
  readonly media: GivenMedia | null;
  /** Of its file, as found in the bytes. */
  readonly mimeType?: string | undefined;
}

export const sentMessageReport = (sent: SentMessage): EventReport<'message.sent'> => ({
  type: 'message.sent',
  at: sent.sentAt,
  chat: sent.chat,
  sender: sent.sender,
  data: {
    ...contentOf(sent),
    messageId: sent.messageId,
    fromMe: true,
    mentions: ((sent.input['mentions'] ?? []) as string[]).map((mention): Address => addressOf(parseChatId(mention))),
    quotedMessageId: (sent.input['quotedMessageId'] ?? null) as MessageId | null,
    outboxId: sent.outboxId,
  },
});

/** What WhatsApp said when it took a message. */
interface Sent {
  readonly messageId: MessageId;
  readonly sentAt: Date;
  /** Of the account that sent it. */
  readonly sender: Address | null;
}

/** The event that a message was sent; null for what is no message, such as a reaction. */
export function sentEventOf(session: SessionName, row: OutboxRow, sent: Sent): NewEvent | null {
  const content = contentOfRow(row);
  const { via } = operationOf(content);
  if (via.outbox === 'repeatable') return null;
  return eventOf(
    session,
    sentMessageReport({
      ...sent,
      chat: JSON.parse(row.chat) as Address,
      outboxId: row.id as OutboxId,
      kind: via.kind,
      input: content.input,
      media: mediaOfContent(content),
      mimeType: content.mimeType,
    }),
  );
}

/** The event that a message was sent, if its row says that this has not been told; null otherwise. */
export function untoldEventOf(session: SessionName, row: OutboxRow): NewEvent | null {
  const { wire_id: messageId, account } = row;
  if (messageId === null || !isKnown(row) || stateAfter(row.state, 'accepted') === null) return null;
  return sentEventOf(session, row, {
    messageId: messageId as MessageId,
    sentAt: new Date(row.updated_at),
    sender: account === null ? null : (JSON.parse(account) as Address),
  });
}

/** What a request says is what its event says, but for the file. The event takes the fields that its kind has. */
const contentOf = ({ kind, input, media, mimeType }: SentMessage): ReportedContent =>
  ({
    ...input,
    kind,
    text: input['text'] ?? null,
    ...(media && { media: mediaReport(media, mimeType) }),
  }) as unknown as ReportedContent;

const mediaReport = ({ mediaId, fileName }: GivenMedia, mimeType = 'application/octet-stream'): ReportedMedia => ({
  mediaId,
  mimeType,
  ...fileNameField(fileName),
});

/** A message that the outbox sent, as the fact that an engine may report as well: both are one event. */
import type { Address } from '../contract/address.ts';
import { fileNameField } from '../contract/file-name.ts';
import type { EventReport } from '../contract/events.ts';
import type { AnyInput, GivenMedia } from '../contract/field-checks.ts';
import type { OutboxId, MessageId } from '../contract/ids.ts';
import type { ReportedMessage } from '../contract/message-data.ts';
import type { SendableKind } from '../contract/kinds.ts';
import { addressOf, parseChatId } from '../contract/whatsapp-id.ts';

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
    messageId: sent.messageId,
    fromMe: true,
    mentions: ((sent.input['mentions'] ?? []) as string[]).map((mention): Address => addressOf(parseChatId(mention))),
    quotedMessageId: (sent.input['quotedMessageId'] ?? null) as MessageId | null,
    outboxId: sent.outboxId,
    kind: sent.kind,
    text: (sent.input['text'] ?? null) as string | null,
    media: sent.media && mediaReport(sent.media, sent.mimeType),
  },
});

const mediaReport = (
  { mediaId, kind, fileName }: GivenMedia,
  mimeType = 'application/octet-stream',
): ReportedMessage['media'] => ({ mediaId, kind, mimeType, ...fileNameField(fileName) });

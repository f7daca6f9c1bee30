/** A message that the outbox sent, as the fact that an engine may report as well: both are one event. */
import type { Address } from '../contract/address.ts';
import { fileNameField } from '../contract/file-name.ts';
import type { EventReport } from '../contract/events.ts';
import type { ChatId, MediaId, OutboxId, MessageId } from '../contract/ids.ts';
import type { ReportedMessage } from '../contract/message-data.ts';
import { addressOf } from '../contract/whatsapp-id.ts';

/** What the outbox knows of a message it sent. */
export interface SentMessage {
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

export const sentMessageReport = (sent: SentMessage): EventReport<'message.sent'> => ({
  type: 'message.sent',
  at: sent.sentAt,
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
});

function sentBody(content: SentMessage['content']): Pick<ReportedMessage, 'kind' | 'text' | 'media'> {
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

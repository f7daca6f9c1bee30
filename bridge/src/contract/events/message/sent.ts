import { event } from '../../event.ts';
import { MessageData, messageDataOf } from '../../message-data.ts';
import { fromStoredMessage } from '../../stored-message.ts';

/** Reported by an engine, and by the outbox for what it sent: both are the same fact. */
export const messageSent = event({
  type: 'message.sent',
  description: 'This account sent a message, through wabridge or from the phone.',
  content: true,
  reportedBy: 'engine',
  about: { kind: 'message', id: 'messageId', isNew: true, isFromOutbox: true },
  fromMe: true,
  identity: { by: 'message', fields: [] },
  movesOutbox: () => ({ to: 'accepted' }),
  countedAs: () => 'accepted',
  data: MessageData,
  toData: messageDataOf,
  fromStored: fromStoredMessage,
  example: {
    messageId: 'true_4915112345678@c.us_3EB0A1F0B2C94D7E6A53',
    kind: 'image',
    text: 'Your receipt',
    media: {
      mediaId: 'med_01JB3Y6ZK4T8W2V5N7Q9R1S3D5',
      mimeType: 'image/png',
      sizeBytes: 48211,
      fileName: 'receipt.png',
    },
    fromMe: true,
    mentions: [],
    quotedMessageId: 'false_4915112345678@c.us_3EB0C767D26A1D8E4F21',
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
  },
});

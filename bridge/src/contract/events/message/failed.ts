import Type from 'typebox';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

export const messageFailed = event({
  type: 'message.failed',
  description: 'WhatsApp reported that it could not send a message that it had accepted from this account.',
  content: false,
  reportedBy: 'engine',
  about: { kind: 'message', id: 'messageId', isNew: false, isFromOutbox: true },
  fromMe: true,
  identity: { by: 'message', fields: [] },
  movesOutbox: ({ reason }) => ({ to: 'failed', reason }),
  // It was counted when WhatsApp accepted it.
  countedAs: null,
  data: object({ messageId: Type.String(), reason: Type.String(), outboxId: Type.Optional(Type.String()) }),
  example: {
    messageId: 'true_4915112345678@c.us_3EB0A1F0B2C94D7E6A53',
    reason: 'WhatsApp could not send the message',
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
  },
});

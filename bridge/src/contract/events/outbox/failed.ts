import Type from 'typebox';
import { event } from '../../event.ts';
import { object } from '../../schema.ts';

export const outboxFailed = event({
  type: 'outbox.failed',
  description: 'An outbox message failed and will not be retried.',
  content: false,
  reportedBy: 'bridge',
  about: { kind: 'chat' },
  fromMe: null,
  identity: { by: 'fields', fields: ['outboxId'] },
  // The outbox tells of a move that it has made.
  movesOutbox: null,
  countedAs: () => 'failed',
  data: object({ outboxId: Type.String(), code: Type.String(), reason: Type.String() }),
  example: {
    outboxId: 'out_01JB3Y6ZK4T8W2V5N7Q9R1S3D6',
    code: 'WAB_CHAT_UNKNOWN',
    reason: 'WhatsApp does not know this number',
  },
});

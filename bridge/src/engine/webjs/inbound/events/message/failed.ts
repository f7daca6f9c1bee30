import { engineEvent } from '../../../../engine-events.ts';
import type { OwnMessage } from '../../own-message.ts';

export const failed = engineEvent('message.failed', ({ messageId, ...about }: OwnMessage) => ({
  ...about,
  data: { messageId, reason: 'WhatsApp could not send the message' },
}));

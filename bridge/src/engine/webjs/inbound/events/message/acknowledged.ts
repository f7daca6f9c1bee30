import type { AckLevel } from '../../../../../contract/message-data.ts';
import { engineEvent } from '../../../../engine-events.ts';
import type { OwnMessage } from '../../own-message.ts';

export const acknowledged = engineEvent(
  'message.acknowledged',
  ({ messageId, ...about }: OwnMessage, ack: AckLevel) => ({ ...about, data: { messageId, ack } }),
);

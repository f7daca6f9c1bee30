import type { Address } from '../../../../contract/address.ts';
import type { MessageId } from '../../../../contract/ids.ts';
import type { AckLevel } from '../../../../contract/message-data.ts';
import { engineEvent } from '../../../engine-events.ts';

export const acknowledged = engineEvent(
  'message.acknowledged',
  (chat: Address, messageId: MessageId, ack: AckLevel) => ({ at: new Date(), chat, data: { messageId, ack } }),
);

import type { Address } from '../../../../contract/address.ts';
import type { MessageId } from '../../../../contract/ids.ts';
import { engineEvent } from '../../../engine-events.ts';

export const failed = engineEvent('message.failed', (chat: Address, messageId: MessageId) => ({
  at: new Date(),
  chat,
  data: { messageId, reason: 'the simulated server dropped it' },
}));

import type { Address } from '../../../contract/address.ts';
import type { MessageId } from '../../../contract/ids.ts';

/** A message of this account, of which something became known. */
export interface OwnMessage {
  readonly messageId: MessageId;
  readonly at: Date;
  readonly chat: Address;
  /** The account; null until it is known. */
  readonly author: Address | null;
}

/** Whose outbox these tests open, whom it writes to, and what is asked of it. */
import type { AnyInput } from '../../../bridge/src/contract/field-checks.ts';
import type { ChatId, KeyId, SessionName } from '../../../bridge/src/contract/ids.ts';
import { isOutboxOperation, type OutboxOperation } from '../../../bridge/src/contract/operations/by-carrier.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';
import { addressOf } from '../../../bridge/src/contract/whatsapp-id.ts';

export const SESSION = 'support' as SessionName;
export const KEY = 'keyA' as KeyId;
export const ALICE = '491511111111@c.us' as ChatId;
export const SELF = addressOf('49150000001@c.us' as ChatId);
export const BOB = '491522222222@c.us' as ChatId;

/** A request as clients write it. */
export type Asked = AnyInput & { readonly type: string };
/** The operation that it means, and its input. */
export function asked({ type, ...input }: Asked): [OutboxOperation, AnyInput] {
  const operation = OPERATIONS.filter(isOutboxOperation).find(({ http }) => http.type === type);
  if (!operation) throw new Error(`no operation has the type ${type}`);
  return [operation, input];
}

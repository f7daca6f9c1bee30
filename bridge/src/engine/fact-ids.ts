/** Which message a fact is about, by every id that the message may have. */
import type { MessageId } from '../contract/ids.ts';
import type { EngineFact } from './engine.ts';
import { messageIdsOf } from '../contract/whatsapp-id.ts';

/** The reported id comes first. */
export const messageIdsOfFact = (fact: EngineFact): readonly [MessageId, ...MessageId[]] =>
  fact.kind === 'message'
    ? messageIdsOf(fact.message.messageId, fact.message.chat, fact.message.sender)
    : messageIdsOf(fact.messageId, fact.chat, fact.sender ?? null);

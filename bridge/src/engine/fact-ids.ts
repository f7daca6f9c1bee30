/** Of which message a fact is, by every id that the message may bear. */
import type { WireId } from '../contract/ids.ts';
import type { EngineFact } from './engine.ts';
import { wireIdsOf } from '../contract/whatsapp-id.ts';

/** The reported id comes first. */
export const wireIdsOfFact = (fact: EngineFact): readonly [WireId, ...WireId[]] =>
  fact.kind === 'message'
    ? wireIdsOf(fact.message.wireId, fact.message.chat, fact.message.sender)
    : wireIdsOf(fact.wireId, fact.chat, fact.sender ?? null);

/** What the simulated network says, in the words of the engine port. */
import { EngineError, type EngineFact } from '../engine.ts';
import type { NetworkFact } from './phone-network.ts';

const REFUSALS = {
  chat_unknown: ['WAB_CHAT_UNKNOWN', 'the simulated network does not have this chat'],
  quoted_unknown: ['WAB_QUOTED_UNKNOWN', 'the simulated network does not have this message'],
  message_unknown: ['WAB_MESSAGE_UNKNOWN', 'the simulated network does not have this message in this chat'],
  refused: ['WAB_SEND_REFUSED', 'the simulated network refused the message'],
} as const;

/** The error for a request that the network did not take. */
export function refusal(why: keyof typeof REFUSALS | 'busy', retryAfterMs?: number): EngineError {
  if (why === 'busy') {
    const wait = retryAfterMs === undefined ? {} : { retryAfterMs };
    return new EngineError('defer', 'WAB_SEND_REFUSED', 'the simulated network is not accepting messages now', wait);
  }
  const [code, reason] = REFUSALS[why];
  return new EngineError('fail', code, reason);
}

/** A fact of the network as the engine reports it. */
export const engineFact = (fact: NetworkFact): EngineFact => ({ ...fact, at: new Date(fact.at) });

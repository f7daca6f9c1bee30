/** Facts as the network states them: those of `events/`, in JSON. */
import type { EngineFact } from '../engine.ts';
import { received } from './events/message/received.ts';
import { sent } from './events/message/sent.ts';
import type { NetworkFact, NetworkMessage, SandboxEventType } from './phone-network.ts';

export const networkFact = (fact: EngineFact<SandboxEventType>): NetworkFact => ({
  ...fact,
  at: fact.at.toISOString(),
});

/** The fact that a message brings. */
export const factOfMessage = (message: NetworkMessage): NetworkFact => ({
  ...(message.fromMe ? sent : received).fact({ ...withoutRef(message), sentAt: new Date(message.sentAt) }),
  at: message.sentAt,
});

/** How the network stores the file is not part of the fact. */
function withoutRef(message: NetworkMessage) {
  if (!('media' in message)) return message;
  const { ref: _ref, ...media } = message.media;
  return { ...message, media };
}

/** A message as the fact that the network states of it. */
import { messageFact } from '../engine.ts';
import type { NetworkFact, NetworkMessage } from './phone-network.ts';

export const factOfMessage = (message: NetworkMessage): NetworkFact => ({
  ...messageFact({ ...withoutRef(message), sentAt: new Date(message.sentAt) }),
  at: message.sentAt,
});

/** How the network stores the file is not part of the fact. */
function withoutRef(message: NetworkMessage) {
  if (!('media' in message)) return message;
  const { ref: _ref, ...media } = message.media;
  return { ...message, media };
}

/** A message as the fact that the network states of it. */
import { messageFact } from '../engine.ts';
import type { NetworkFact, NetworkMessage } from './phone-network.ts';

/** How the network stores the file is not part of the fact. */
export function factOfMessage({ media, sentAt, ...message }: NetworkMessage): NetworkFact {
  const fact = messageFact({
    ...message,
    kind: media?.kind ?? 'text',
    sentAt: new Date(sentAt),
    media: media && {
      kind: media.kind,
      mimeType: media.mimeType,
      sizeBytes: media.sizeBytes,
      ...(media.fileName === undefined ? {} : { fileName: media.fileName }),
    },
  });
  return { ...fact, at: sentAt };
}

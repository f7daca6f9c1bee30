/** Journals of the simulated network that an earlier version wrote, in today's names. */

import { factOfMessage } from './message-fact.ts';
import type { NetworkMessage } from './phone-network.ts';

/** Each is a key, or a key with its value: in a text the quotes would be escaped. */
const RENAMED = [
  ['"wireId":', '"messageId":'],
  ['"quotedWireId":', '"quotedMessageId":'],
  ['"t":"act","act":{', '"t":"operation","operation":{'],
  ['"kind":"seen"', '"kind":"read"'],
  ['"actHangs":', '"operationHangs":'],
  ['"fateUnknown":', '"sendStatusUnknown":'],
] as const;

/** @param line one entry as JSON */
export const withCurrentNames = (line: string): string =>
  withCurrentFact(RENAMED.reduce((text, [former, now]) => text.replaceAll(former, now), line));

/** Facts had a `kind` before they had the types of the event catalogue, and a message stood for the fact that it brings. */
function withCurrentFact(line: string): string {
  if (!line.startsWith('{"t":"fact"')) return line;
  const entry = JSON.parse(line) as { readonly fact: Record<string, unknown> };
  const { kind, messageId, level, reason, ...fact } = entry.fact;
  if (kind === 'message' || fact['type'] === 'message') {
    const message = fact['message'] as NetworkMessage;
    const file = message.media === null ? {} : { file: message.media };
    return JSON.stringify({ ...entry, fact: factOfMessage(message), ...file });
  }
  const changed =
    kind === 'ack'
      ? { type: 'message.acknowledged', ...fact, data: { messageId, ack: level } }
      : { type: 'message.failed', ...fact, data: { messageId, reason } };
  return kind === undefined ? line : JSON.stringify({ ...entry, fact: changed });
}

/** Journals of the simulated network that an earlier version wrote, in today's names. */

import { factOfMessage } from './network-fact.ts';
import { networkMediaOf, type NetworkMessage } from './phone-network.ts';

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
  withCurrentContent(withCurrentFact(RENAMED.reduce((text, [former, now]) => text.replaceAll(former, now), line)));

interface FormerMessage {
  readonly kind?: string;
  readonly text: string | null;
  readonly media: (object & { readonly kind: string }) | null;
}

/** Messages had a text and a file, either of which could be null, before they had the fields of their kind. */
function withKind(message: FormerMessage): NetworkMessage {
  if (message.kind !== undefined) return message as unknown as NetworkMessage;
  const { media: file, ...rest } = message;
  if (file === null) return { ...rest, kind: 'text', text: rest.text ?? '' } as unknown as NetworkMessage;
  const { kind, ...media } = file;
  return { ...rest, kind, media } as unknown as NetworkMessage;
}

function withCurrentContent(line: string): string {
  if (!line.startsWith('{"t":"out"') || !line.includes('"media":')) return line;
  const entry = JSON.parse(line) as { readonly message: FormerMessage };
  return JSON.stringify({ ...entry, message: withKind(entry.message) });
}

/** Facts had a `kind` before they had the types of the event catalogue, and a message stood for the fact that it brings. */
function withCurrentFact(line: string): string {
  if (!line.startsWith('{"t":"fact"')) return line;
  const entry = JSON.parse(line) as { readonly fact: Record<string, unknown> };
  const { kind, messageId, level, reason, ...fact } = entry.fact;
  if (kind === 'message' || fact['type'] === 'message') {
    const message = withKind(fact['message'] as FormerMessage);
    const file = networkMediaOf(message);
    return JSON.stringify({ ...entry, fact: factOfMessage(message), ...(file === null ? {} : { file }) });
  }
  const changed =
    kind === 'ack'
      ? { type: 'message.acknowledged', ...fact, data: { messageId, ack: level } }
      : { type: 'message.failed', ...fact, data: { messageId, reason } };
  return kind === undefined ? line : JSON.stringify({ ...entry, fact: changed });
}

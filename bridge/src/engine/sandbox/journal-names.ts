/** Journals of the simulated network that an earlier version wrote, in today's names. */

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

/** Facts had a `kind` before they had the types of the event catalogue. */
function withCurrentFact(line: string): string {
  if (!line.startsWith('{"t":"fact"')) return line;
  const entry = JSON.parse(line) as { readonly fact: Record<string, unknown> };
  const { kind, messageId, level, reason, ...fact } = entry.fact;
  if (kind === 'message') return JSON.stringify({ ...entry, fact: { ...fact, type: 'message' } });
  const changed =
    kind === 'ack'
      ? { type: 'message.acknowledged', ...fact, data: { messageId, ack: level } }
      : { type: 'message.failed', ...fact, data: { messageId, reason } };
  return kind === undefined ? line : JSON.stringify({ ...entry, fact: changed });
}

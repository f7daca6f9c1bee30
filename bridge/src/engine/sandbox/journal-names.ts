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
  RENAMED.reduce((text, [former, now]) => text.replaceAll(former, now), line);

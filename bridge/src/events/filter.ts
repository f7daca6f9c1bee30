/** Evaluates a subscription's filter on an envelope. Pure. */
import type { Envelope, Filter } from '../contract/filter.ts';
import { addressKeys, addressOf, chatFormsOf, parseChatId } from '../contract/whatsapp-id.ts';

interface CompiledFilter {
  readonly sessions: ReadonlySet<string> | null;
  readonly types: ReadonlySet<string> | null;
  readonly chatKinds: ReadonlySet<string> | null;
  readonly from: ReadonlySet<string> | null;
}

// Filters are immutable and live as long as their subscription; parsing phone numbers for each event would be slow.
const compiled = new WeakMap<Filter, CompiledFilter>();

/**
 * Whether an event passes a filter: all that is stated must hold, a missing or empty list does not restrict. Kinds of
 * chats restrict the events of chats: who wants direct chats only still wants to hear of the session. An entry of `from` may have any form (phone with or without +, chat id, lid) and matches any known form of the sender.
 */
export function matches(filter: Filter, envelope: Omit<Envelope, 'seq'>): boolean {
  const { sessions, types, chatKinds, from } = compiled.get(filter) ?? remember(filter);
  if (sessions && !(envelope.session !== null && sessions.has(envelope.session))) return false;
  if (types && !types.has(envelope.type)) return false;
  if (chatKinds && envelope.chatKind !== null && !chatKinds.has(envelope.chatKind)) return false;
  if (filter.fromMe !== undefined && envelope.fromMe !== filter.fromMe) return false;
  return !from || envelope.senderKeys.some((key) => from.has(key));
}

function remember(filter: Filter): CompiledFilter {
  const result = {
    sessions: setOf(filter.sessions),
    types: setOf(filter.types),
    chatKinds: setOf(filter.chatKinds),
    from: setOf(filter.from?.flatMap(senderForms)),
  };
  compiled.set(filter, result);
  return result;
}

const setOf = (values: readonly string[] | undefined): ReadonlySet<string> | null =>
  values && values.length > 0 ? new Set(values) : null;

/** The forms under which the sender that somebody wrote down may be known. */
function senderForms(input: string): readonly string[] {
  try {
    return chatFormsOf(parseChatId(input)).flatMap((form) => addressKeys(addressOf(form)));
  } catch {
    // No address: it matches nobody, but it still restricts.
    return [input];
  }
}

/** Whether a filter lets everything through, so that nothing has to be looked at. */
export const isOpen = (filter: Filter): boolean =>
  filter.fromMe === undefined &&
  !filter.sessions?.length &&
  !filter.types?.length &&
  !filter.chatKinds?.length &&
  !filter.from?.length;

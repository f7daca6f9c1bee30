/**
 * Makes events of reports, by the definition of their type (`contract/events.ts`): nothing else makes one. The id is
 * derived from what the definition calls the identity of a fact, so that the same fact always gets the same id.
 */
import type { Address } from '../contract/address.ts';
import type { AnyEventDefinition } from '../contract/event.ts';
import { definitionOf, type EventReport, type EventType, type NewEvent } from '../contract/events.ts';
import { deriveEventId, uniqueOccurrence, type EventId, type SessionName, type MessageId } from '../contract/ids.ts';
import { namesOf, messageIdsOf } from '../contract/whatsapp-id.ts';

/** A report as code sees it that handles all types alike. */
interface AnyReport {
  readonly type: EventType;
  readonly at: Date;
  readonly data: object;
  readonly chat?: Address | null;
  readonly sender?: Address | null;
  readonly author?: Address | null;
}

/** Facts about the bridge have no session. */
type SessionOf<Report extends EventReport> =
  Extract<Report, { readonly chat: Address }> extends never ? SessionName | null : SessionName;

/** The event of a report. */
export const eventOf = <Report extends EventReport>(
  session: SessionOf<Report>,
  report: Report,
): NewEvent<Report['type']> =>
  makeEvent(definitionOf(report.type), session, report) as unknown as NewEvent<Report['type']>;

/** As `eventOf`, by a definition that need not be in the catalogue. */
export function makeEvent(definition: AnyEventDefinition, session: SessionName | null, report: AnyReport) {
  const [id, ...aliases] = idsOf(definition, session, report);
  return {
    id,
    ...(aliases.length === 0 ? {} : { aliases }),
    type: report.type,
    session,
    occurredAt: report.at.toISOString(),
    chat: report.chat ?? null,
    sender: report.sender ?? null,
    data: definition.toData?.(report.data, id) ?? report.data,
  };
}

/** Every id of the message that a report is about, the reported one first; null if it is about no message. */
export function messageIdsOfReport(report: AnyReport): readonly [MessageId, ...MessageId[]] | null {
  const { about } = definitionOf(report.type);
  return about.kind === 'message' ? messageIdsIn(report, about.id) : null;
}

const messageIdsIn = (report: AnyReport, field: string): readonly [MessageId, ...MessageId[]] =>
  messageIdsOf(
    (report.data as Record<string, unknown>)[field] as MessageId,
    report.chat as Address,
    report.author ?? report.sender ?? null,
  );

function idsOf(
  { about, identity }: AnyEventDefinition,
  session: SessionName | null,
  report: AnyReport,
): readonly [EventId, ...EventId[]] {
  // No session has an empty name, so that the id of a fact about the bridge cannot be one of a session's.
  const derive = (...parts: readonly string[]): EventId =>
    deriveEventId(session ?? ('' as SessionName), report.type, ...parts);
  if (identity.by === 'occurrence') return [derive(uniqueOccurrence())];
  const fields = identity.fields.flatMap((field) => namesIn(report, field));
  const parts =
    identity.by === 'message' && about.kind === 'message' ? [messageIdsIn(report, about.id), ...fields] : fields;
  return combinations(parts).map((each) => derive(...each)) as [EventId, ...EventId[]];
}

/** What a field may be called, in a list of one; an empty list if the field is missing. */
function namesIn(report: AnyReport, field: string): readonly (readonly string[])[] {
  if (field === 'occurredAt') return [[report.at.toISOString()]];
  const value = (report.data as Record<string, string | number | Address | undefined>)[field];
  if (value === undefined) return [];
  return [typeof value === 'object' ? namesOf(value) : [String(value)]];
}

/** One of each, in every way; the first one is made of the first ones. */
const combinations = (parts: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  parts.reduce<readonly (readonly string[])[]>(
    (all, names) => all.flatMap((before) => names.map((name) => [...before, name])),
    [[]],
  );

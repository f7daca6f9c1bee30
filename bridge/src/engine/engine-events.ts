/**
 * What an engine can report. Each engine has one file per event type, which makes the fact of what the engine knows, and can
 * report what it has a file for: facts of other types do not compile in it.
 */
import { EVENT_TYPES, type EngineEventType } from '../contract/events.ts';
import type { EngineFact, EngineMessage } from './engine.ts';

/** An event that an engine can report. */
export interface EngineEvent<T extends EngineEventType = EngineEventType> {
  readonly type: T;
}

/** A fact without its type. */
type Report<T extends EngineEventType> = Omit<EngineFact<T>, 'type'>;

/** Declares an event that an engine can report. @param report makes the fact, without its type, of what the engine knows */
export const engineEvent = <const T extends EngineEventType, Known extends readonly unknown[]>(
  type: T,
  report: (...known: Known) => Report<T>,
): EngineEvent<T> & { readonly fact: (...known: Known) => EngineFact<T> } => ({
  type,
  // A report and its type are the fact of this type, which TypeScript cannot follow while the type is a parameter.
  fact: (...known) => ({ type, ...report(...known) }) as EngineFact<T>,
});

/** Types of an engine's events, in the order of the catalogue. */
export function eventTypesOf(events: readonly EngineEvent[]): readonly EngineEventType[] {
  const types: ReadonlySet<string> = new Set(events.map(({ type }) => type));
  return EVENT_TYPES.filter((type): type is EngineEventType => types.has(type));
}

/** The report of a message. */
export const messageReport = ({
  chat,
  sender,
  sentAt,
  ...message
}: EngineMessage): Report<'message.received' | 'message.sent'> => ({
  at: sentAt,
  chat,
  sender,
  data: { ...message, mentions: [...message.mentions] },
});

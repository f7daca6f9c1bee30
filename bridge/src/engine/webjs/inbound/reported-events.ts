/** What a session can report: each type has one file, `events/<noun>/<verb>.ts`. */
import { REPORTED_EVENTS } from './events.generated.ts';

export type WebjsEventType = (typeof REPORTED_EVENTS)[number]['type'];

/** Those of which the library has an event. The others are made of messages and acknowledgements. */
export const LIBRARY_EVENTS = REPORTED_EVENTS.filter((event) => 'read' in event);
export type ReportedLibraryEvent = (typeof LIBRARY_EVENTS)[number];

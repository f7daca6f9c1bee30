/**
 * The one catalogue of events: the source of the types, the JSON Schemas, the OpenAPI document, the options of the n8n
 * trigger and the docs. An event is an immutable fact; each type is defined in `events/<noun>/<verb>.ts`.
 */
import Type, { type Static, type TSchema } from 'typebox';
import { Address } from './address.ts';
import type { AnyEventDefinition, EventDefinition } from './event.ts';
import { EVENT_DEFINITIONS } from './events.generated.ts';
import type { EventId, Seq, SessionName } from './ids.ts';
import { literals, nullable, object, Timestamp } from './schema.ts';

type Definition = (typeof EVENT_DEFINITIONS)[number];
export type EventType = Definition['type'];
type DefinitionOf<T extends EventType> = Extract<Definition, { readonly type: T }>;

export const EVENT_CATALOGUE = Object.fromEntries(EVENT_DEFINITIONS.map((each) => [each.type, each])) as unknown as {
  readonly [T in EventType]: DefinitionOf<T>;
};

/** The definition of a type that is known only when it comes. */
export const definitionOf = (type: EventType): AnyEventDefinition =>
  EVENT_CATALOGUE[type] as unknown as AnyEventDefinition;

export const EVENT_TYPES = Object.keys(EVENT_CATALOGUE) as readonly EventType[];
export type EventData<T extends EventType> = Static<(typeof EVENT_CATALOGUE)[T]['data']>;

/** What a reporter states of an event: its data, or what its definition makes the data from. */
type ReportedData<T extends EventType> =
  DefinitionOf<T> extends EventDefinition<
    infer _Name,
    infer _Data,
    infer Reported,
    infer _What,
    infer _By,
    infer _Moves
  >
    ? Reported
    : never;
type KindOf<T extends EventType> = DefinitionOf<T>['about']['kind'];

/** The report of an event; who and where follow from what the type is about. */
export type EventReport<T extends EventType = EventType> = T extends EventType
  ? {
      readonly type: T;
      /** When it happened on WhatsApp. */
      readonly at: Date;
      readonly data: ReportedData<T>;
    } & PlaceOf<KindOf<T>>
  : never;

type PlaceOf<Kind> = Kind extends 'message' | 'chat'
  ? {
      readonly chat: Address;
      /** Who did it, if anybody. */
      readonly sender?: Address | null;
      /** Who wrote the message that it is about, if that is known and not the sender. */
      readonly author?: Address | null;
    }
  : { readonly chat?: null; readonly sender?: null };

/** The types that engines report; the bridge reports the others. */
export type EngineEventType = Extract<Definition, { readonly reportedBy: 'engine' }>['type'];

/** Why the payload of an event is not there any more, or not for this reader. */
export const WITHHELD_REASONS = ['scope', 'expired', 'erased'] as const;
export type WithheldReason = (typeof WITHHELD_REASONS)[number];

/** The event as clients see it (stream frame, HTTP). `session` is null for facts about the bridge itself. */
export const EventBody = object(
  {
    id: Type.String(),
    type: literals(EVENT_TYPES),
    session: nullable(Type.String()),
    seq: Type.Integer(),
    occurredAt: Timestamp,
    chat: nullable(Address),
    sender: nullable(Address),
    data: nullable(
      Type.Record(Type.String(), Type.Unknown(), {
        anyOf: [...new Set(EVENT_DEFINITIONS.map(({ data }) => data as TSchema))],
      }),
      {
        description: 'depends on the type; null if it is withheld',
        examples: EVENT_DEFINITIONS.map(({ example }) => example),
      },
    ),
    withheld: Type.Optional(literals(WITHHELD_REASONS)),
  },
  { $id: 'Event' },
);

/** An event in the log. `data` is null exactly when `withheld` says why. */
export interface WaEvent<T extends EventType = EventType> {
  readonly id: EventId;
  readonly type: T;
  readonly session: SessionName | null;
  readonly seq: Seq;
  /** ISO 8601, when it happened on WhatsApp (not when it was recorded). */
  readonly occurredAt: string;
  readonly chat: Address | null;
  readonly sender: Address | null;
  readonly data: EventData<T> | null;
  readonly withheld?: WithheldReason;
}

/** An event on its way into the log, made only by the constructors in `events/event-constructors.ts`. */
export type NewEvent<T extends EventType = EventType> = Omit<WaEvent<T>, 'seq' | 'withheld' | 'data'> & {
  readonly data: EventData<T>;
  /** Ids under which the same fact may be on record; it is stored under none of them. */
  readonly aliases?: readonly EventId[];
};

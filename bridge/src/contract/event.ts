/**
 * How an event type is defined. Each has one file, `events/<noun>/<verb>.ts`, and everything that has to know event types
 * derives from these definitions (`events.ts` gathers them). No property has a default: a type that leaves one out does
 * not compile, so that each decision is made for each type.
 */
import type { Static, TSchema } from 'typebox';
import type { Address } from './address.ts';
import type { EventId } from './ids.ts';

/** What an event is about. It decides which names a report of it carries, and what the event is kept in order with. */
export type About<Field extends string = string> =
  /**
   * A message, whose id is in the field `id` of the data. `isNew`: the event brings the message itself. `isFromOutbox`: the
   * outbox may have sent it, and the data then names the outbox message.
   */
  | { readonly kind: 'message'; readonly id: Field; readonly isNew: boolean; readonly isFromOutbox: boolean }
  /** Something in a chat. */
  | { readonly kind: 'chat' }
  /** The session as a whole. */
  | { readonly kind: 'session' }
  /** The bridge itself: the event has no session. */
  | { readonly kind: 'bridge' };

/** What must be equal for two reports to be the same fact, besides session and type. */
type Identity<Field extends string> =
  /** The message that it is about, by any of its ids, and these fields. */
  | { readonly by: 'message'; readonly fields: readonly (Field | 'occurredAt')[] }
  /** These fields; a missing one counts for nothing. */
  | { readonly by: 'fields'; readonly fields: readonly (Field | 'occurredAt')[] }
  /** Nothing: each report is a fact of its own. */
  | { readonly by: 'occurrence' };

/** Fields by which facts can be told apart. An address is the same by any of its names. */
type IdentifyingField<Reported> = {
  [Field in keyof Reported & string]-?: Reported[Field] extends string | number | Address | undefined ? Field : never;
}[keyof Reported & string];

/** How far an outbox message has come by a fact. */
export type OutboxMove =
  { readonly to: 'accepted' | 'delivered' | 'read' } | { readonly to: 'failed'; readonly reason: string };

export type EventName = `${string}.${string}`;
export type Reporter = 'engine' | 'bridge';
export type MovesOutbox<Data> = ((data: Data) => OutboxMove) | null;

export interface EventDefinition<
  Name extends EventName,
  Data extends TSchema,
  Reported,
  What extends About,
  By extends Reporter,
  Moves,
> {
  /** `noun.verb`, the verb in the past. */
  readonly type: Name;
  /** One sentence for users. */
  readonly description: string;
  /** Whether the data is message content: a key needs `messages:read` for it. */
  readonly content: boolean;
  /** Who reports it: an engine, as a fact of WhatsApp, or a part of the bridge. */
  readonly reportedBy: By;
  readonly about: What;
  /** For filters: whether it is about something that this account did; null if that means nothing. */
  readonly fromMe: boolean | null | ((data: Static<Data>) => boolean);
  readonly identity: Identity<IdentifyingField<NoInfer<Reported>>>;
  /** How far the outbox message that it is about has come by it; null if it moves none. */
  readonly movesOutbox: Moves;
  /** The outcome of an outbox message that the metrics count by it; null if it is none. */
  readonly countedAs: ((data: Static<Data>) => string) | null;
  readonly data: Data;
  /** Makes the data from the report, if a reporter knows it in another shape. */
  readonly toData?: (reported: Reported, id: EventId) => Static<Data>;
  /** Makes the data from what the log has, if earlier versions stored it in another shape. */
  readonly fromStored?: (stored: object, id: EventId) => Static<Data>;
  /** Data as a client may get it. */
  readonly example: Static<Data>;
}

/** A definition as code sees it that handles all types alike. */
export interface AnyEventDefinition {
  readonly type: EventName;
  readonly about: About;
  readonly fromMe: boolean | null | ((data: object) => boolean);
  readonly identity: Identity<string>;
  readonly movesOutbox: MovesOutbox<object>;
  readonly countedAs: ((data: object) => string) | null;
  readonly toData?: (reported: object, id: EventId) => object;
  readonly fromStored?: (stored: object, id: EventId) => object;
}

/** Defines an event type. A reporter states the data itself, unless `toData` takes another shape. */
export const event = <
  const Name extends EventName,
  Data extends TSchema,
  const What extends About<keyof Reported & string>,
  const By extends Reporter,
  Moves extends MovesOutbox<Static<Data>>,
  Reported = Static<Data>,
>(
  definition: EventDefinition<Name, Data, Reported, What, By, Moves>,
): EventDefinition<Name, Data, Reported, What, By, Moves> => definition;

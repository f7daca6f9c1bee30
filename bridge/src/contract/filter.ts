/** The filter of a subscription: evaluated by the bridge on the envelope alone, never on the payload. */
import Type, { type Static } from 'typebox';
import { CHAT_KINDS, type ChatKind } from './address.ts';
import { EVENT_TYPES, type EventType } from './events.ts';
import { SESSION_NAME_PATTERN, type ChatId, type EventId, type Seq, type SessionName } from './ids.ts';
import { literals, object } from './schema.ts';

/** A missing or empty list does not restrict. All that is stated must hold. */
export const Filter = object(
  {
    sessions: Type.Optional(Type.Array(Type.String({ pattern: SESSION_NAME_PATTERN }), { maxItems: 200 })),
    types: Type.Optional(Type.Array(literals(EVENT_TYPES), { maxItems: 100 })),
    chatKinds: Type.Optional(
      Type.Array(literals(CHAT_KINDS), { maxItems: 10, description: 'does not restrict events without a chat' }),
    ),
    from: Type.Optional(
      Type.Array(Type.String({ maxLength: 80 }), { maxItems: 500, description: 'senders: phone, chat id or lid' }),
    ),
    fromMe: Type.Optional(Type.Boolean()),
  },
  { $id: 'Filter' },
);
export type Filter = Static<typeof Filter>;

/** The immutable part of an event, by which it is ordered, filtered and expired. */
export interface Envelope {
  readonly seq: Seq;
  readonly id: EventId;
  readonly type: EventType;
  readonly session: SessionName | null;
  readonly chatId: ChatId | null;
  readonly chatKind: ChatKind | null;
  /** Every known form of the sender (chat id, `+phone`, lid). */
  readonly senderKeys: readonly string[];
  readonly fromMe: boolean | null;
  readonly occurredAt: string;
  /** What is kept in order: `<session>|<chatId>`, or `<session>|` for events without a chat. */
  readonly lane: string;
}

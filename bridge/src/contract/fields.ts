/** Fields that several operations have. What one refers to is resolved in one place (`operations/perform.ts`). */
import Type, { type TSchema } from 'typebox';
import { MAX_LIST_LIMIT, MAX_WAIT_MS } from './defaults.ts';
import {
  DEAD_LETTER_ID_PATTERN,
  OUTBOX_ID_PATTERN,
  SESSION_NAME_PATTERN,
  type DeadLetterId,
  type OutboxId,
  type SessionName,
} from './ids.ts';

/** What a field can refer to. */
type Reference = 'session';

/** A symbol is not part of the JSON, so the mark shows in no document. */
const REFERS_TO = Symbol('refersTo');
const refersTo = (reference: Reference): object => ({ [REFERS_TO]: reference });

/** What a field refers to; undefined if it is a plain value. */
export const referenceOf = (schema: TSchema): Reference | undefined =>
  (schema as { [REFERS_TO]?: Reference })[REFERS_TO];

/** The session that an operation is about. A key that may not use it is refused. */
export const SessionField = Type.Unsafe<SessionName>(
  Type.String({ pattern: SESSION_NAME_PATTERN, ...refersTo('session') }),
);

export const OutboxIdField = Type.Unsafe<OutboxId>(Type.String({ pattern: OUTBOX_ID_PATTERN }));
export const DeadLetterIdField = Type.Unsafe<DeadLetterId>(Type.String({ pattern: DEAD_LETTER_ID_PATTERN }));

export const ProxyUrl = Type.String({
  minLength: 1,
  maxLength: 2048,
  description:
    'http, https or socks5 URL; http and https URLs may contain a login, which is stored encrypted and never shown',
});

export const WaitMs = Type.Optional(
  Type.Integer({
    minimum: 0,
    maximum: MAX_WAIT_MS,
    description: 'long polling: answer as soon as there is a result, at the latest after this many milliseconds',
  }),
);

/** How many items a list has at most. */
export const limitOf = (fallback: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum: MAX_LIST_LIMIT, default: fallback }));

/**
 * Every identifier of the product, branded so that one kind cannot be passed where another is meant, and the pattern
 * each must match at the border (HTTP, CLI, stream). Nothing else in the tree builds or parses these strings.
 */
import { createHash, randomInt } from 'node:crypto';
import { monotonicFactory } from 'ulid';

declare const brand: unique symbol;
type Brand<Name extends string> = string & { readonly [brand]: Name };

/** The operator's name of a session, e.g. `support`. Stable for the life of the session. */
export type SessionName = Brand<'SessionName'>;
/** WhatsApp's id of a chat: `<phone>@c.us`, `<lid>@lid`, `<id>@g.us`, `<id>@newsletter`, `status@broadcast`. */
export type ChatId = Brand<'ChatId'>;
/** WhatsApp's id of one message (the serialised `MsgKey`), e.g. `false_4915112345678@c.us_3EB0…`. */
export type MessageId = Brand<'MessageId'>;
/** Id of an event, derived from what happened, so that the same fact always gets the same id. */
export type EventId = Brand<'EventId'>;
/** Id of an outbox message. */
export type OutboxId = Brand<'OutboxId'>;
/** Id of a stored or expected media file. */
export type MediaId = Brand<'MediaId'>;
/** Id of a signing key; carries no secret. */
export type KeyId = Brand<'KeyId'>;
/** Id of a dead letter. */
export type DeadLetterId = Brand<'DeadLetterId'>;
/** Name of a subscription, e.g. `n8n:<instance>:<workflow>:<node>`. */
export type SubscriptionName = Brand<'SubscriptionName'>;

/** Position of an event in the log: global, increasing, not gapless. */
export type Seq = number & { readonly [brand]: 'Seq' };

export const SESSION_NAME_PATTERN = '^[a-z0-9][a-z0-9_-]{0,62}$';
export const SUBSCRIPTION_NAME_PATTERN = '^[A-Za-z0-9][A-Za-z0-9:._-]{0,199}$';
export const OUTBOX_ID_PATTERN = '^out_[0-9A-HJKMNP-TV-Z]{26}$';
export const MEDIA_ID_PATTERN = '^med_[0-9A-HJKMNP-TV-Z]{26}$';
export const DEAD_LETTER_ID_PATTERN = '^dlq_[0-9A-HJKMNP-TV-Z]{26}$';
/** No underscore and no hyphen, so that `wabk_<key id>_<seed>` splits without doubt. */
export const KEY_ID_PATTERN = '^[0-9A-Za-z]{4,32}$';

const nextUlid = monotonicFactory();

/** A new outbox id, sortable by creation time. */
export const newOutboxId = (): OutboxId => `out_${nextUlid()}` as OutboxId;
/** A new media id, sortable by creation time. */
export const newMediaId = (): MediaId => `med_${nextUlid()}` as MediaId;
const KEY_ID_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
/** A new key id: 12 random characters without the ones that look alike. */
export const newKeyId = (): KeyId =>
  Array.from({ length: 12 }, () => KEY_ID_ALPHABET[randomInt(KEY_ID_ALPHABET.length)]).join('') as KeyId;
/** A new dead-letter id, sortable by creation time. */
export const newDeadLetterId = (): DeadLetterId => `dlq_${nextUlid()}` as DeadLetterId;

/**
 * The id of an event, from what happened on WhatsApp.
 *
 * @param session  whose session saw it
 * @param fact     the kind of fact (an event type)
 * @param identity what makes this occurrence unique for its kind: a message id, plus a revision where a fact can repeat
 */
export function deriveEventId(session: SessionName, fact: string, ...identity: readonly string[]): EventId {
  const digest = createHash('sha256')
    .update(JSON.stringify([session, fact, ...identity]))
    .digest('base64url');
  return `evt_${digest.slice(0, 27)}` as EventId;
}

/** An identity for a fact that WhatsApp gives no id and that must never be taken for an earlier one. */
export const uniqueOccurrence = (): string => nextUlid();

/** The id of a message's medium, from the id of its event: a fact that is reported again names the same file. */
export const mediaIdOf = (event: EventId): MediaId => mediaIdFrom(event);

/** The id of a file that a client uploads for a request: the same file of a request that is repeated has the same id. */
export const uploadIdOf = (request: string, sha256: string): MediaId => mediaIdFrom(`${request} ${sha256}`);

function mediaIdFrom(origin: string): MediaId {
  const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const digest = createHash('sha256').update(origin).digest();
  // A ULID holds 128 bits, so its first character is at most 7.
  const characters = [...digest.subarray(0, 26)].map((byte, index) => alphabet[index === 0 ? byte % 8 : byte % 32]);
  return `med_${characters.join('')}` as MediaId;
}

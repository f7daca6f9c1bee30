/**
 * Fields that several operations have. A field is marked with its role, if it is more than a value: what it refers to is
 * checked and resolved where its role is known, once for all operations (`field-checks.ts`, `operations/perform.ts`).
 */
import Type, { type Static, type TArray, type TSchema, type TString } from 'typebox';
import { MAX_EXPIRY_SECONDS, MAX_LIST_LIMIT, MAX_WAIT_MS } from './defaults.ts';
import {
  DEAD_LETTER_ID_PATTERN,
  MEDIA_ID_PATTERN,
  OUTBOX_ID_PATTERN,
  SESSION_NAME_PATTERN,
  type DeadLetterId,
  type OutboxId,
  type SessionName,
} from './ids.ts';

/** What a field is to its operation. */
export type Role =
  /** The session that the operation is about. A key that may not use it is refused. */
  | 'session'
  /** The chat in which it happens, in any form of an address. The outbox keeps the order of this chat. */
  | 'recipient'
  /** A person or group besides, in any form of an address. */
  | 'chat'
  /** A message of WhatsApp, by its id. */
  | 'message'
  /** A stored file. */
  | 'media'
  /** The name that the file gets. */
  | 'fileName'
  /** How long the operation may wait, in seconds. */
  | 'expiry';

/** What a text must be, besides what its schema says. */
export type TextRule =
  /** Something that a reader would see. */
  | 'visible'
  /** The same, unless it is empty, which says that there is none. */
  | 'visible or empty'
  /** One emoji, unless it is empty. */
  | 'emoji or empty';

// Symbols are not part of the JSON, so marks show in no document.
const ROLE: unique symbol = Symbol('role');
const MEDIA_KIND: unique symbol = Symbol('media kind');
const TEXT_RULE: unique symbol = Symbol('text rule');

/** A schema of a field with a role, for types that depend on it. */
export interface HasRole<R extends Role> {
  readonly [ROLE]: R;
}

const withRole = <const R extends Role, Schema extends TSchema>(role: R, schema: Schema): Schema & HasRole<R> =>
  Object.assign(schema, { [ROLE]: role });

export const roleOf = (schema: TSchema): Role | undefined => (schema as Partial<HasRole<Role>>)[ROLE];
/** As what kind of message a file is sent. */
export const mediaKindOf = (schema: TSchema): string | undefined => (schema as { [MEDIA_KIND]?: string })[MEDIA_KIND];
export const textRuleOf = (schema: TSchema): TextRule | undefined => (schema as { [TEXT_RULE]?: TextRule })[TEXT_RULE];
/** The schema of the items of a list; undefined for anything else. */
export const itemsOf = (schema: TSchema): TSchema | undefined => (schema as Partial<TArray>).items;

export const SessionField = withRole(
  'session',
  Type.Unsafe<SessionName>(Type.String({ pattern: SESSION_NAME_PATTERN })),
);

export const OutboxIdField = Type.Unsafe<OutboxId>(Type.String({ pattern: OUTBOX_ID_PATTERN }));
const AnyAddress = Type.String({
  minLength: 3,
  maxLength: 80,
  description:
    'phone number with country code, chat id, lid or group id. For countries that changed their numbers (Mexico, Argentina, Brazil, Benin, Ivory Coast), either form works; the answer has the form that WhatsApp uses, once it is known',
});
export const RecipientField = withRole('recipient', AnyAddress);
export const ChatField = withRole('chat', Type.String({ maxLength: 80 }));

export const messageField = (
  options: { readonly description?: string; readonly minLength?: number } = {},
): TString & HasRole<'message'> =>
  withRole('message', Type.String({ maxLength: 200, ...options, [TEXT_RULE]: 'visible' satisfies TextRule }));

/** A file of a kind that is sent. */
export const mediaField = (kind: string): TString & HasRole<'media'> =>
  withRole('media', Type.String({ pattern: MEDIA_ID_PATTERN, [MEDIA_KIND]: kind }));
export const FileNameField = withRole(
  'fileName',
  Type.String({ maxLength: 255, [TEXT_RULE]: 'visible' satisfies TextRule }),
);

export const ExpiryField = withRole(
  'expiry',
  Type.Integer({
    minimum: 1,
    maximum: MAX_EXPIRY_SECONDS,
    description:
      'how long the message may wait to be sent, in seconds after it was accepted; then it fails with WAB_SEND_EXPIRED. ' +
      'The default is the setting sendExpirySeconds of the bridge (86400, one day, unless changed)',
  }),
);

/** A text that people read. */
export const textField = (rule: TextRule, options: { readonly maxLength: number; readonly description?: string }) =>
  Type.String({ ...options, [TEXT_RULE]: rule });

export const DeadLetterIdField = Type.Unsafe<DeadLetterId>(Type.String({ pattern: DEAD_LETTER_ID_PATTERN }));

export const ProxyUrl = Type.String({
  minLength: 1,
  maxLength: 2048,
  description:
    'http, https or socks5 URL; http and https URLs may contain a login, which is stored encrypted and never shown',
});

/** What an engine asks for itself; each checks its own. */
export const SessionSettings = Type.Record(Type.String(), Type.Unknown(), {
  description:
    'what the engine needs to know of this session, if it needs anything; its secrets are stored encrypted and never shown',
});
export type SessionSettings = Static<typeof SessionSettings>;

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

/** The one catalogue of message kinds; each is defined in `kinds/<kind>.ts`. */
import type { Static, TObject, TProperties } from 'typebox';
import type { AnyKindDefinition, FileRules, KindDefinition } from './kind.ts';
import { KIND_DEFINITIONS } from './kinds.generated.ts';

type Definition = (typeof KIND_DEFINITIONS)[number];
export type MessageKind = Definition['kind'];
export type MediaKind = Extract<Definition, { readonly file: FileRules }>['kind'];
export type SendableKind = Extract<Definition, { readonly send: object }>['kind'];
export type SendableMediaKind = Extract<Definition, { readonly file: FileRules; readonly send: object }>['kind'];

export const KIND_CATALOGUE = Object.fromEntries(KIND_DEFINITIONS.map((each) => [each.kind, each])) as unknown as {
  readonly [K in MessageKind]: Extract<Definition, { readonly kind: K }>;
};

/** The definition of a kind that is known only when it comes. */
export const kindOf = (kind: MessageKind): AnyKindDefinition => KIND_CATALOGUE[kind] as unknown as AnyKindDefinition;

export const MESSAGE_KINDS = Object.keys(KIND_CATALOGUE) as readonly MessageKind[];
export const MEDIA_KINDS = MESSAGE_KINDS.filter((each): each is MediaKind => KIND_CATALOGUE[each].file !== null);
export const SENDABLE_MEDIA_KINDS = MEDIA_KINDS.filter(
  (each): each is SendableMediaKind => KIND_CATALOGUE[each].send !== null,
);

type ContentOf<D> =
  D extends KindDefinition<infer Kind, infer Fields, infer _Reported, infer _Send, infer _File>
    ? { readonly kind: Kind } & Static<TObject<Fields>>
    : never;
type ReportedContentOf<D> =
  D extends KindDefinition<infer Kind, TProperties, infer Reported, infer _Send, infer _File>
    ? { readonly kind: Kind } & Reported
    : never;

/** What a message says, as its event has it. */
export type MessageContent = ContentOf<Definition>;
/** What a message says, as an engine reports it. */
export type ReportedContent<Kind extends MessageKind = MessageKind> = ReportedContentOf<
  Extract<Definition, { readonly kind: Kind }>
>;

/**
 * What somebody writes on a simulated phone, and what the receiving phone shows of it. Both follow from the kinds of the
 * catalogue, so that the sandbox carries a new kind as soon as it is defined.
 */
import { Readable } from 'node:stream';
import Type, { type Static, type TOptional, type TProperties, type TSchema, type TUnsafe } from 'typebox';
import { WabError } from '../../contract/errors.ts';
import { MAX_TEXT_LENGTH, type AnyKindDefinition } from '../../contract/kind.ts';
import { kindOf, MEDIA_KINDS, MESSAGE_KINDS, type MessageContent } from '../../contract/kinds.ts';
import { literals, object } from '../../contract/schema.ts';
import type { NetworkMediaStore } from './network-media-store.ts';
import { networkMediaOf, type NetworkContent } from './phone-network.ts';

/** Largest file that can be attached, encoded: it travels in the JSON body. */
const MAX_BASE64 = 22_000_000;

/** A file as a person attaches it. */
const AttachedFile = object({
  kind: literals(MEDIA_KINDS),
  mimeType: Type.String({ minLength: 3, maxLength: 120 }),
  fileName: Type.Optional(Type.String({ minLength: 1, maxLength: 255 })),
  base64: Type.String({ maxLength: MAX_BASE64, description: 'the bytes of the file' }),
});

/** What is needed of a kind here. */
type Kind = Pick<AnyKindDefinition, 'kind' | 'fields'>;

/** What every phone lets people write; the fields of other kinds are added to it. */
const USUAL = {
  text: Type.Optional(Type.String({ minLength: 1, maxLength: MAX_TEXT_LENGTH })),
  media: Type.Optional(AttachedFile),
  kind: Type.Optional(
    literals(MESSAGE_KINDS, { description: 'a text by default, or what the file is; other kinds have to be named' }),
  ),
};

type NameIn<Content> = Content extends unknown ? keyof Content : never;
type ValueIn<Content, Name extends PropertyKey> = Content extends { readonly [N in Name]: infer Value } ? Value : never;
type OtherFields = {
  readonly [Name in Exclude<NameIn<MessageContent>, keyof typeof USUAL>]: TOptional<
    TUnsafe<ValueIn<MessageContent, Name>>
  >;
};

/** The fields that only some kinds have, each of which may be left out, since the kind decides. */
export function otherFieldsOf(kinds: readonly Kind[]): TProperties {
  const found = new Map<string, Map<string, TSchema>>();
  for (const [name, schema] of kinds.flatMap(({ fields }) => Object.entries(fields))) {
    if (name in USUAL) continue;
    const schemas = found.get(name) ?? new Map<string, TSchema>();
    found.set(name, schemas.set(JSON.stringify(schema), schema));
  }
  return Object.fromEntries(
    [...found].map(([name, schemas]) => {
      const [only, ...others] = [...schemas.values()];
      return [name, Type.Optional(others.length === 0 ? only! : Type.Union([...schemas.values()]))];
    }),
  );
}

/** The content of a message in a request. */
export const WRITTEN_CONTENT = {
  ...USUAL,
  ...(otherFieldsOf(MESSAGE_KINDS.map(kindOf)) as unknown as OtherFields),
};
type WrittenContent = Static<ReturnType<typeof object<typeof WRITTEN_CONTENT>>>;

/**
 * The content of a message that somebody wrote, with its file stored.
 *
 * @param written a valid request
 * @throws WabError WAB_INVALID_REQUEST if its kind needs a field that is missing, or does not have one that is there
 */
export async function contentOf(files: NetworkMediaStore, written: WrittenContent): Promise<NetworkContent> {
  const { media } = written;
  const kind = written.kind ?? media?.kind ?? 'text';
  if (media !== undefined && media.kind !== kind)
    throw invalid(`the file is of the kind ${media.kind}, and the message of the kind ${kind}`);
  const content = { kind, ...fieldsOf(kindOf(kind), written) };
  if (media === undefined) return content as unknown as NetworkContent;
  const { kind: _kind, base64, ...file } = media;
  const stored = await files.store(Readable.from([Buffer.from(base64, 'base64')]));
  return { ...content, media: { ...file, ...stored } } as unknown as NetworkContent;
}

/** The fields of a kind, from those that were written. One that is left out is null or false if it can be. */
export function fieldsOf({ kind, fields }: Kind, written: object): Readonly<Record<string, unknown>> {
  const given = new Map(Object.entries<unknown>({ ...written }).filter(([, value]) => value !== undefined));
  const foreign = [...given.keys()].find((name) => name !== 'kind' && name in WRITTEN_CONTENT && !(name in fields));
  if (foreign !== undefined) throw invalid(`a message of the kind ${kind} has no ${foreign}`);
  const values = Object.entries(fields).map(([name, schema]): readonly [string, unknown] => [
    name,
    given.get(name) ?? valueOfMissing(schema),
  ]);
  const missing = values.find(([name, value]) => value === undefined && !Type.IsOptional(fields[name]!));
  if (missing) throw invalid(`a message of the kind ${kind} needs ${missing[0]}`);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function valueOfMissing(schema: TSchema): null | false | undefined {
  if (Type.IsOptional(schema)) return undefined;
  if (Type.IsUnion(schema) && schema.anyOf.some(Type.IsNull)) return null;
  return Type.IsBoolean(schema) ? false : undefined;
}

const invalid = (reason: string): WabError => new WabError('WAB_INVALID_REQUEST', { reason });

/** A file as it is on the receiving phone. */
const ArrivedFile = object({
  mimeType: Type.String(),
  sizeBytes: Type.Integer(),
  sha256: Type.String({ description: 'hex, of the bytes that arrived' }),
  fileName: Type.Optional(Type.String()),
});

type WithArrivedFile<Content> = Content extends { readonly media: unknown }
  ? Omit<Content, 'media'> & { readonly media: Static<typeof ArrivedFile> }
  : Content;
/** What a message says on the receiving phone. */
export type ArrivedContent = WithArrivedFile<MessageContent>;

/** The fields that a message of a kind has on the receiving phone. */
export const arrivedFieldsOf = ({ fields }: Kind): TProperties =>
  'media' in fields ? { ...fields, media: ArrivedFile } : fields;

/** The content of a message as the receiving phone has it: the fields of its kind, and no others. */
export function arrivedContentOf(content: NetworkContent): ArrivedContent {
  const { fields } = kindOf(content.kind);
  const file = networkMediaOf(content);
  return {
    kind: content.kind,
    ...Object.fromEntries(Object.entries(content).filter(([name]) => name in fields)),
    ...(file && {
      media: {
        mimeType: file.mimeType,
        sizeBytes: file.sizeBytes,
        sha256: file.ref,
        ...(file.fileName === undefined ? {} : { fileName: file.fileName }),
      },
    }),
  } as ArrivedContent;
}

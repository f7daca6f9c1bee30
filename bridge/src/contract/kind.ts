/**
 * How a message kind is defined: what a message of this kind says, the same in both directions. Each has one file,
 * `kinds/<kind>.ts`, and everything that has to know kinds derives from these definitions (`kinds.ts` gathers them). No
 * property has a default, so that each decision is made for each kind.
 */
import Type, { type Static, type TObject, type TProperties } from 'typebox';
import { FileNameField, mediaField, textField } from './fields.ts';
import type { EventId } from './ids.ts';
import { MessageMedia, withMediaId, type ReportedMedia } from './message-media.ts';
import { nullable } from './schema.ts';

/** Longest text WhatsApp takes, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 65_536;

/** The file of a media kind. */
export interface FileRules {
  /** Which limit of the bridge's settings its size has. */
  readonly limit: 'image' | 'video' | 'audio' | 'document';
  /** Types of files that WhatsApp takes as this kind. `audio/*` stands for every audio type. */
  readonly mimeTypes: readonly string[] | 'any';
}

export interface KindDefinition<
  Kind extends string,
  Fields extends TProperties,
  Reported,
  Send extends TProperties | null,
  File extends FileRules | null,
> {
  readonly kind: Kind;
  /** One sentence for users. */
  readonly description: string;
  /**
   * What an event says of such a message, besides what it says of all (`message-data.ts`). What a person reads is `text`, and
   * a file is `media`.
   */
  readonly fields: Fields;
  /** Makes the fields from what an engine reports, if it knows them in another shape. */
  readonly toFields?: (reported: Reported, event: EventId) => Static<TObject<Fields>>;
  /**
   * The fields of a request that sends it, besides those that all requests have (recipient, quoted message, mentions). Null
   * if it cannot be sent.
   */
  readonly send: Send;
  /** Null if it has no file. */
  readonly file: File;
  /** The fields as a client may get them. */
  readonly example: Static<TObject<Fields>>;
}

/** A definition as code sees it that handles all kinds alike. */
export interface AnyKindDefinition {
  readonly kind: string;
  readonly description: string;
  readonly fields: TProperties;
  readonly toFields?: (reported: object, event: EventId) => object;
  readonly send: TProperties | null;
  readonly file: FileRules | null;
  readonly example: object;
}

/** Defines a message kind. An engine reports the fields themselves, unless `toFields` takes another shape. */
export const kind = <
  const Kind extends string,
  Fields extends TProperties,
  Send extends TProperties | null,
  const File extends FileRules | null,
  Reported = Static<TObject<Fields>>,
>(
  definition: KindDefinition<Kind, Fields, Reported, Send, File>,
): KindDefinition<Kind, Fields, Reported, Send, File> => definition;

export interface ReportedFile {
  readonly media: ReportedMedia;
}
export interface ReportedCaptioned extends ReportedFile {
  readonly text: string | null;
}
const media = { media: MessageMedia };
/** What kinds with a file have in common. */
export const withFile = {
  fields: media,
  toFields: (reported: ReportedFile, event: EventId) => withMediaId(reported, event),
};
/** What kinds with a file and a caption have in common. */
export const withCaptionedFile = {
  fields: { text: nullable(Type.String(), { description: 'the caption' }), ...media },
  toFields: (reported: ReportedCaptioned, event: EventId) => withMediaId(reported, event),
};

/** A file that was uploaded before, and how it is called; the fields of a request that sends media. */
export const fileToSend = (kind: string) => ({
  mediaId: mediaField(kind),
  fileName: Type.Optional(FileNameField),
});

/** Fields of a request that sends media with a caption. */
export const fileWithCaption = (kind: string) => ({
  ...fileToSend(kind),
  text: Type.Optional(textField('visible or empty', { maxLength: MAX_TEXT_LENGTH, description: 'the caption' })),
});

/**
 * How a message kind is defined: what a message of this kind says, the same in both directions. Each has one file,
 * `kinds/<kind>.ts`, and everything that has to know kinds derives from these definitions (`kinds.ts` gathers them). No
 * property has a default, so that each decision is made for each kind.
 */
import Type, { type TProperties } from 'typebox';
import { FileNameField, mediaField, textField } from './fields.ts';

/** Longest text WhatsApp takes, in UTF-16 code units. */
export const MAX_TEXT_LENGTH = 65_536;

/** The file of a media kind. */
export interface FileRules {
  /** Which limit of the bridge's settings its size has. */
  readonly limit: 'image' | 'video' | 'audio' | 'document';
  /** Types of files that WhatsApp takes as this kind. `audio/*` stands for every audio type. */
  readonly mimeTypes: readonly string[] | 'any';
}

export interface KindDefinition<Kind extends string, Send extends TProperties | null, File extends FileRules | null> {
  readonly kind: Kind;
  /** One sentence for users. */
  readonly description: string;
  /**
   * The fields of a request that sends it, besides those that all requests have (recipient, quoted message, mentions). What
   * a person reads is `text`. Null if it cannot be sent.
   */
  readonly send: Send;
  /** Null if it has no file. */
  readonly file: File;
}

/** Defines a message kind. */
export const kind = <const Kind extends string, Send extends TProperties | null, const File extends FileRules | null>(
  definition: KindDefinition<Kind, Send, File>,
): KindDefinition<Kind, Send, File> => definition;

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

/** What an input must be that its schema alone cannot say. It follows from the roles and rules of its fields. */
import type { TSchema } from 'typebox';
import { WabError } from './errors.ts';
import { itemsOf, mediaKindOf, roleOf, textRuleOf, type TextRule } from './fields.ts';
import type { MediaId } from './ids.ts';
import type { Operation } from './operation.ts';
import type { SendableMediaKind } from './kinds.ts';
import { isBlank, isEmoji } from './visible-text.ts';
import { parseChatId } from './whatsapp-id.ts';

/** The input of any operation, valid by its schema. */
export type AnyInput = Readonly<Record<string, unknown>>;

interface GivenField {
  readonly name: string;
  readonly schema: TSchema;
  readonly value: unknown;
}

/** The fields of an input that are there. */
export function fieldsOf({ input: { properties } }: Operation, input: AnyInput): readonly GivenField[] {
  return Object.entries(properties)
    .map(([name, schema]) => ({ name, schema, value: input[name] }))
    .filter(({ value }) => value !== undefined);
}

/** @throws WabError WAB_ADDRESS_INVALID, WAB_TEXT_BLANK, WAB_EMOJI_INVALID */
export function checkFields(operation: Operation, input: AnyInput): void {
  const required = operation.input.required ?? [];
  for (const { name, schema, value } of fieldsOf(operation, input)) {
    const role = roleOf(schema);
    if (role === 'recipient' || role === 'chat') parseChatId(value as string);
    const item = itemsOf(schema);
    if (item && roleOf(item) === 'chat') (value as readonly string[]).forEach(parseChatId);
    const texts = item ? (value as readonly string[]) : [value as string];
    const rule = textRuleOf(item ?? schema);
    if (rule !== undefined) for (const text of texts) CHECKS[rule](text, name, required.includes(name));
  }
}

const CHECKS: Readonly<Record<TextRule, (text: string, field: string, isRequired: boolean) => void>> = {
  visible(text, field, isRequired) {
    if (!isBlank(text)) return;
    throw new WabError('WAB_TEXT_BLANK', {
      field,
      next: isRequired ? 'Write a text.' : 'Write a text, or leave it out.',
    });
  },
  'visible or empty'(text, field, isRequired) {
    if (text !== '') this.visible(text, field, isRequired);
  },
  'emoji or empty'(text) {
    if (text !== '' && !isEmoji(text)) throw new WabError('WAB_EMOJI_INVALID');
  },
};

export interface GivenMedia {
  readonly mediaId: MediaId;
  readonly kind: SendableMediaKind;
  /** The name that the file is to have, as it was asked for. */
  readonly fileName?: string;
}

/** The file that an input names, or null. */
export function mediaOf(operation: Operation, input: AnyInput): GivenMedia | null {
  const fields = fieldsOf(operation, input);
  const media = fields.find(({ schema }) => roleOf(schema) === 'media');
  const kind = media && mediaKindOf(media.schema);
  if (!media || kind === undefined) return null;
  const fileName = fields.find(({ schema }) => roleOf(schema) === 'fileName')?.value as string | undefined;
  return {
    mediaId: media.value as MediaId,
    kind: kind as SendableMediaKind,
    ...(fileName === undefined ? {} : { fileName }),
  };
}

/** The chat in which an operation happens, in the form in which it was given. */
export const recipientOf = (operation: Operation, input: AnyInput): string =>
  valueOf(operation, input, 'recipient') as string;
/** How long an operation may wait, in seconds; undefined if its caller leaves that to the bridge. */
export const expiryOf = (operation: Operation, input: AnyInput): number | undefined =>
  valueOf(operation, input, 'expiry') as number | undefined;

const valueOf = (operation: Operation, input: AnyInput, role: 'recipient' | 'expiry'): unknown =>
  fieldsOf(operation, input).find(({ schema }) => roleOf(schema) === role)?.value;

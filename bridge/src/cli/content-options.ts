/** Options for what a message says, by the kinds of the catalogue: each field that only some kinds have is one. */
import { InvalidArgumentError, Option } from 'commander';
import Type, { type TSchema } from 'typebox';
import { kindOf, MESSAGE_KINDS } from '../contract/kinds.ts';
import { itemsOf } from '../contract/fields.ts';
import { receive } from '../engine/sandbox/driver/receive.ts';
import { listOption } from './command.ts';

/** They have an argument and `--file`. */
const USUAL = ['text', 'media'];
const FIELDS = Object.fromEntries(
  Object.entries<TSchema>(receive.input.properties).filter(
    ([name]) => kindsWith(name).length > 0 && !USUAL.includes(name),
  ),
);

/** `--kind`, and an option for each field that a text or a file does not have. */
export const contentOptions = (): readonly Option[] => [
  new Option('--kind <kind>', 'the kind of message, if it is neither a text nor a file').choices(MESSAGE_KINDS),
  ...Object.entries(FIELDS).map(([name, schema]) => optionOf(name, schema)),
];

/** The content that these options state, among others. */
export const contentIn = (options: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(options).filter(([name]) => name === 'kind' || name in FIELDS));

/** The option of a field; commander gives its value under the name of the field. */
function optionOf(name: string, schema: TSchema): Option {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const flag = `--${words.replaceAll(' ', '-')}`;
  const { description = words } = schema as { readonly description?: string };
  const help = `${kindsWith(name).join(', ')}: ${description}`;
  const items = itemsOf(schema);
  if (Type.IsBoolean(schema)) return new Option(flag, help);
  if (Type.IsString(schema)) return new Option(`${flag} <text>`, help);
  if (items && Type.IsString(items)) return listOption(`${flag} <list>`, `${help}, comma-separated`);
  return new Option(`${flag} <json>`, help).argParser(parsed);
}

function kindsWith(field: string): readonly string[] {
  return MESSAGE_KINDS.filter((kind) => field in kindOf(kind).fields);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InvalidArgumentError('Use JSON.');
  }
}

/**
 * Fields of operations on the command line: which arguments and options there are for them, and what may be written, follow
 * from their schema and their role. An overlay may have better words.
 */
import { Argument, Option } from 'commander';
import type { TSchema } from 'typebox';
import { itemsOf, roleOf, type Role } from '../contract/fields.ts';
import type { Operation } from '../contract/operation.ts';
import { parserOf } from './arguments.ts';
import { ArgumentError, listOption, wholeNumber } from './command.ts';
import { kebab, spaced } from './words.ts';

/** The keywords of a field's schema that the command line makes use of. */
interface FieldSchema extends TSchema {
  readonly type?: string;
  readonly anyOf?: readonly FieldSchema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: string | number | boolean;
  readonly description?: string | undefined;
}

/** Flags and help of an option. */
export type OptionWords = readonly [flags: string, help: string];

/** The schema of a field; of one that may be null, the schema of what it is otherwise. */
function schemaOf({ input }: Operation, field: string): FieldSchema {
  const schema: FieldSchema = input.properties[field]!;
  const [other, ...more] = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  return other === undefined || more.length > 0 ? schema : { description: schema.description, ...other };
}

const isText = ({ type, enum: values }: FieldSchema): boolean => type === 'string' || values !== undefined;
const itemOf = (schema: FieldSchema): FieldSchema | undefined => itemsOf(schema);
const isTextList = (schema: FieldSchema): boolean => {
  const item = itemOf(schema);
  return item !== undefined && isText(item);
};
const isWord = (schema: FieldSchema): boolean =>
  isText(schema) || isTextList(schema) || ['integer', 'number', 'boolean'].includes(schema.type ?? '');

const FIRST: readonly (Role | undefined)[] = ['session', 'recipient'];
const rankOf = (schema: FieldSchema): number => {
  const rank = FIRST.indexOf(roleOf(schema));
  if (isTextList(schema)) return FIRST.length + 1;
  return rank < 0 ? FIRST.length : rank;
};

/** The fields that are written as arguments: those that are required, the session and the recipient first, a list last. */
export function argumentFields(operation: Operation): readonly string[] {
  const fields = (operation.input.required ?? [])
    .map((field) => ({ field, schema: schemaOf(operation, field) }))
    .filter(({ schema }) => isWord(schema))
    .sort((one, other) => rankOf(one.schema) - rankOf(other.schema));
  const firstList = fields.findIndex(({ schema }) => isTextList(schema));
  // Nobody could see where a second list begins.
  return fields.slice(0, firstList < 0 ? fields.length : firstList + 1).map(({ field }) => field);
}

/** An argument that may be left out is the last one. @param as its name in the usage */
export function argumentOf(operation: Operation, field: string, as = nameOf(operation, field)): Argument {
  const schema = schemaOf(operation, field);
  const name = isTextList(schema) ? `${as}...` : as;
  const isRequired = operation.input.required?.includes(field) ?? false;
  const argument = new Argument(isRequired ? `<${name}>` : `[${name}]`, helpFor(schema, field));
  return schema.enum === undefined ? argument : argument.choices(schema.enum);
}

/** The options of a field that is not an argument: one, or two for what can be true or false. */
export function optionsOf(operation: Operation, field: string, words?: OptionWords): readonly Option[] {
  const schema = schemaOf(operation, field);
  const [flags, help] = words ?? [flagsFor(operation, field), helpFor(schema, field)];
  const { type, enum: values, minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
  if (type === 'boolean') return [new Option(flags, help), new Option(flags.replace('--', '--no-'), 'the opposite')];
  const text = schema.default === undefined ? help : `${help} (default ${String(schema.default)})`;
  if (type === 'integer') return [wholeNumber(flags, text, minimum, maximum)];
  if (isTextList(schema)) return [flags.includes('...') ? new Option(flags, text) : listOption(flags, text)];
  const option = new Option(flags, text).argParser(parserFor(operation, field));
  return [values === undefined ? option : option.choices(values)];
}

/**
 * Reads what is written for a field, so far as errors can name what was written; the bridge validates all of it.
 *
 * @throws what the parser of a known pattern throws, ArgumentError
 */
export function parserFor(operation: Operation, field: string): (written: string) => unknown {
  const schema = schemaOf(operation, field);
  if (isText(schema) || isTextList(schema)) return parserOf(schema.pattern ?? '') ?? ((written) => written);
  return (written) => {
    try {
      return JSON.parse(written) as unknown;
    } catch {
      throw new ArgumentError(
        `"${written}" cannot be the ${spaced(field)}: ${EXPECTED[schema.type ?? ''] ?? 'use JSON'}.`,
      );
    }
  };
}
const EXPECTED: Readonly<Record<string, string>> = {
  integer: 'use a whole number',
  number: 'use a number',
  boolean: 'use true or false',
};

/** What a field of a role is called where it is an argument, if not by its own name. */
function nameOf(operation: Operation, field: string): string {
  const role = roleOf(schemaOf(operation, field));
  if (role === 'recipient') return field.replace(/Id$/, '');
  return role === 'media' ? 'file' : field;
}

/** What stands in flags for the value of a field with a role. */
const PLACEHOLDERS: Readonly<Partial<Record<Role, string>>> = {
  session: '<name>',
  recipient: '<chat>',
  chat: '<chat>',
  message: '<messageId>',
  media: '<file>',
  fileName: '<name>',
};

/** `expiresInSeconds` is `--expires-in <seconds>`. */
function flagsFor(operation: Operation, field: string): string {
  const schema = schemaOf(operation, field);
  const flag = `--${kebab(field)}`;
  if (schema.type === 'boolean') return flag;
  if (schema.type === 'integer' && field.endsWith('Seconds')) return `${flag.replace(/-seconds$/, '')} <seconds>`;
  if (schema.type === 'integer' && field.endsWith('Ms')) return `${flag} <milliseconds>`;
  return `${flag} ${PLACEHOLDERS[roleOf(schema)!] ?? placeholderOf(schema)}`;
}

function placeholderOf(schema: FieldSchema): string {
  if (isTextList(schema)) {
    const { enum: values, pattern } = itemOf(schema)!;
    // Texts of any kind may have commas in them.
    return (roleOf(itemOf(schema)!) ?? values ?? pattern) ? '<list>' : '<text...>';
  }
  if (schema.format === 'date-time') return '<time>';
  if (schema.enum !== undefined) return '<choice>';
  return isText(schema) ? '<text>' : schema.type === 'integer' || schema.type === 'number' ? '<number>' : '<json>';
}

/** Where what the schema says is for other readers, or nothing. */
const HELP: Readonly<Partial<Record<Role, string>>> = {
  session: 'name of the session',
  recipient: 'phone number with country code, chat id, lid or group id',
  media: 'path of a file, or the id of one that is stored',
};

function helpFor(schema: FieldSchema, field: string): string {
  const text = HELP[roleOf(schema)!] ?? schema.description ?? spaced(field);
  return isTextList(schema) && placeholderOf(schema) === '<list>' ? `${text}, comma-separated` : text;
}

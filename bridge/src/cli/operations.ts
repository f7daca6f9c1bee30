/**
 * Commands that are derived from operations of the catalogue. The definition says which fields there are and what they may
 * hold, and that is enough for a command; an overlay (`overlays/<resource>.ts`) may have better words for it and show the
 * result in a better form.
 */
import { randomUUID } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { TSchema } from 'typebox';
import { itemsOf, roleOf } from '../contract/fields.ts';
import { goesThroughOutbox, type InputOf, type Operation, type ResultOf } from '../contract/operation.ts';
import { addCommand } from './command.ts';
import type { Context } from './context.ts';
import { argumentFields, argumentOf, optionsOf, parserFor, type OptionWords } from './fields.ts';
import { uploaded } from './file-upload.ts';
import { callOf, OUTBOX_OPTIONS, showSent } from './outbox-call.ts';
import { FIELD_WORDS } from './overlays/fields.ts';
import { asResult, type Show } from './show.ts';
import { helpOf, kebab } from './words.ts';

interface Argument<Field> {
  readonly field: Field;
  /** Its name in the usage; the field's by default. */
  readonly as?: string;
  /** The value for what was written; by default, the field's pattern checks it. */
  readonly parse?: (written: string, context: Context) => unknown;
}

/** Better words for a command. What it leaves out follows from the definition. */
export interface Overlay<Defined extends Operation> {
  /** Name of the command within its group. */
  readonly name?: string;
  /** The sentence of its help. */
  readonly description?: string;
  /** Fields that are written as arguments, in order. */
  readonly arguments?: readonly Argument<keyof InputOf<Defined> & string>[];
  /** Fields that are written as options: flags and help, or a whole option if its value is not simply the field's. */
  readonly options?: { readonly [Field in keyof InputOf<Defined>]?: OptionWords | Option };
  /** Values of fields that nothing was written for; without one, the bridge has its own default. */
  readonly defaults?: Partial<InputOf<Defined>>;
  /** Fields that cannot be written; `others` stands for all that the overlay does not name. */
  readonly without?: readonly (keyof InputOf<Defined> & string)[] | 'others';
  /** Options that change only what is shown. */
  readonly shownBy?: readonly Option[];
  readonly show?: Show<ResultOf<Defined>, InputOf<Defined>>;
}

/** How a field is written as one option, or several. */
interface Optional {
  readonly field: string;
  readonly options: readonly Option[];
}

/** A command that is derived from an operation. */
export interface OperationCommand {
  /** Within its group. */
  readonly name: string;
  readonly operation: Operation;
  /** The fields that can be written on the command line, or have a default. */
  readonly fields: readonly string[];
  /** Those of them that are written as arguments, in order. */
  readonly positional: readonly string[];
  /** Those that are written as options. */
  readonly optional: readonly Optional[];
  /** Those that need not be written, since the command has a value for them. */
  readonly withDefault: readonly string[];
  readonly add: (group: Command) => void;
}

/** A group of commands, some of which may be written by hand. */
export interface CommandGroup {
  readonly name: string;
  readonly description: string;
  readonly commands: readonly (OperationCommand | ((group: Command) => void))[];
}

export const addGroup =
  ({ name, description, commands }: CommandGroup) =>
  (program: Command): void => {
    const group = program.command(name).description(description);
    for (const command of commands) {
      if (typeof command === 'function') command(group);
      else command.add(group);
    }
  };

/** Derives a command from an operation. */
export function commandOf<Defined extends Operation>(
  operation: Defined,
  overlay: Overlay<Defined> = {},
): OperationCommand {
  const { id, summary }: Operation = operation;
  const sends = goesThroughOutbox(operation);
  const {
    name = kebab(id.slice(id.indexOf('.') + 1)),
    description = helpOf(summary),
    defaults = {},
    shownBy = [],
  } = overlay;
  const { positional, optional } = fieldsOf(operation, overlay);
  // What is sent through the outbox results in a message of it.
  const show = (overlay.show ?? (sends ? showSent : asResult(operation.result))) as Show<
    ResultOf<Defined>,
    InputOf<Defined>
  >;
  const options = optional.flatMap(({ options: each }) => each);
  const add = (group: Command): void => {
    addCommand(
      group,
      name,
      description,
      async (context, written, given) => {
        const call = sends ? callOf(given) : {};
        const said = {
          ...defaults,
          ...(await argumentsOf(positional, written, operation, context)),
          ...optionsGiven(optional, given, operation),
        };
        const input = await withFiles(said, operation, context, call.idempotencyKey ?? randomUUID());
        // The bridge validates it; what is written wrongly in a way that a person should know was refused above.
        const asked = input as InputOf<Defined>;
        const result = await context.client().perform(operation, asked, call);
        show(result, { context, input: asked, options: given });
      },
      [...options, ...(sends ? OUTBOX_OPTIONS : []), ...shownBy],
      positional.map(({ field, as }) => argumentOf(operation, field, as)),
    );
  };
  const fields = [...positional, ...optional].map(({ field }) => field);
  return {
    name,
    operation,
    fields: [...new Set([...fields, ...Object.keys(defaults)])],
    positional: positional.map(({ field }) => field),
    optional,
    withDefault: Object.keys(defaults),
    add,
  };
}

interface Positional {
  readonly field: string;
  readonly as?: string;
  readonly parse: (written: string, context: Context) => unknown;
}

/** What can be written for an operation: as its overlay says, and for other fields as follows from the definition. */
function fieldsOf<Defined extends Operation>(
  operation: Defined,
  overlay: Overlay<Defined>,
): { positional: readonly Positional[]; optional: readonly Optional[] } {
  const { input }: Operation = operation;
  const { arguments: worded = [], options = {}, defaults = {}, without = [] } = overlay;
  const words = new Map(Object.entries<OptionWords | Option>(options));
  const named: readonly string[] = [...worded.map(({ field }) => field), ...words.keys(), ...Object.keys(defaults)];
  const others =
    without === 'others'
      ? []
      : Object.keys(input.properties).filter((field) => ![...named, ...without].includes(field));
  const asArguments = argumentFields(operation).filter((field) => others.includes(field));
  const asOptions = [...words.keys(), ...others.filter((field) => !asArguments.includes(field))];
  return {
    positional: [...worded, ...asArguments.map((field) => ({ field }))].map(
      ({ field, parse = parserFor(operation, field), ...each }: Argument<string>) => ({ ...each, field, parse }),
    ),
    optional: asOptions.map((field) => {
      const word = words.get(field) ?? FIELD_WORDS[field];
      const mandatory = (input.required?.includes(field) ?? false) && !(field in defaults);
      const made = word instanceof Option ? [word] : optionsOf(operation, field, word);
      return { field, options: made.map((option) => option.makeOptionMandatory(mandatory)) };
    }),
  };
}

/** What was written as arguments. A list is the last of them, and takes the rest; so is one that may be left out. */
async function argumentsOf(
  positional: readonly Positional[],
  written: readonly string[],
  operation: Operation,
  context: Context,
): Promise<Record<string, unknown>> {
  const values: Record<string, unknown> = {};
  for (const [index, { field, parse }] of positional.entries()) {
    if (written[index] === undefined && !operation.input.required?.includes(field)) continue;
    values[field] = isList(operation, field)
      ? await Promise.all(written.slice(index).map((each) => parse(each, context)))
      : await parse(written[index] ?? '', context);
  }
  return values;
}

/** What was written as options. A list in a query is comma-separated text. */
function optionsGiven(
  optional: readonly Optional[],
  given: Readonly<Record<string, unknown>>,
  operation: Operation,
): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const { field, options } of optional) {
    const value = given[options[0]!.attributeName()];
    if (value !== undefined) values[field] = Array.isArray(value) && !isList(operation, field) ? value.join() : value;
  }
  return values;
}

const isList = ({ input }: Operation, field: string): boolean => {
  const { anyOf = [] } = input.properties[field] as { readonly anyOf?: readonly TSchema[] };
  return [input.properties[field]!, ...anyOf].some((schema) => itemsOf(schema) !== undefined);
};

/** The input with the ids of its files, which are uploaded if they are named by their path. */
async function withFiles(
  input: Readonly<Record<string, unknown>>,
  operation: Operation,
  context: Context,
  request: string,
): Promise<Record<string, unknown>> {
  const result: Record<string, unknown> = { ...input };
  for (const [field, schema] of Object.entries(operation.input.properties))
    if (roleOf(schema) === 'media' && input[field] !== undefined)
      result[field] = await uploaded(context.client(), input[field] as string, request);
  return result;
}

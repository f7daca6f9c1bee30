/**
 * Commands that are derived from operations of the catalogue. The definition says which fields there are and what they may
 * hold; an overlay (`overlays/<resource>.ts`) adds the words of the command line and how the result is shown.
 */
import { Option, type Command } from 'commander';
import type { TSchema } from 'typebox';
import type { InputOf, Operation, ResultOf } from '../contract/operation.ts';
import { parserOf } from './arguments.ts';
import { addCommand, wholeNumber } from './command.ts';
import type { Context } from './context.ts';

/** Prints a result. */
export type Show<Result, Input> = (result: Result, shown: Shown<Input>) => void;

export interface Shown<Input> {
  readonly context: Context;
  readonly input: Input;
  /** The options as they were written, among them those that no field belongs to. */
  readonly options: Readonly<Record<string, unknown>>;
}

interface Argument<Field> {
  readonly field: Field;
  /** Its name in the usage; the field's by default. */
  readonly as?: string;
  /** The value for what was written; by default, the field's pattern checks it. */
  readonly parse?: (written: string, context: Context) => unknown;
}

export interface Overlay<Defined extends Operation> {
  /** Name of the command within its group. */
  readonly name: string;
  /** The sentence of its help. */
  readonly description: string;
  /** Fields that are written as arguments, in order. */
  readonly arguments?: readonly Argument<keyof InputOf<Defined> & string>[];
  /** Fields that are written as options: flags and help, or a whole option if its value is not simply the field's. */
  readonly options?: { readonly [Field in keyof InputOf<Defined>]?: readonly [flags: string, help: string] | Option };
  /** Values of fields that nothing was written for; without one, the bridge has its own default. */
  readonly defaults?: Partial<InputOf<Defined>>;
  /** Options that change only what is shown. */
  readonly shownBy?: readonly Option[];
  readonly show: Show<ResultOf<Defined>, InputOf<Defined>>;
}

/** A command that is derived from an operation. */
export interface OperationCommand {
  /** Within its group. */
  readonly name: string;
  readonly operation: Operation;
  /** The fields that can be written on the command line, or have a default. */
  readonly fields: readonly string[];
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
export function commandOf<Defined extends Operation>(operation: Defined, overlay: Overlay<Defined>): OperationCommand {
  const { input: schema }: Operation = operation;
  const { name, description, arguments: positional = [], options = {}, defaults = {}, shownBy = [], show } = overlay;
  const flags = Object.entries<readonly [string, string] | Option>(options);
  const usage = [name, ...positional.map(({ field, as = field }) => `<${as}>`)].join(' ');
  const add = (group: Command): void => {
    const ofFields = flags.map(([field, flag]) => {
      const option = optionOf(schema, field, flag);
      const mandatory = (schema.required?.includes(field) ?? false) && !(field in defaults);
      return [field, option.makeOptionMandatory(mandatory)] as const;
    });
    addCommand(
      group,
      usage,
      description,
      async (context, written, given) => {
        const input: Record<string, unknown> = { ...defaults };
        for (const [index, { field, parse = parseBy(schema, field) }] of positional.entries())
          input[field] = await parse(written[index] ?? '', context);
        for (const [field, option] of ofFields) {
          const value = given[option.attributeName()];
          if (value !== undefined) input[field] = Array.isArray(value) && isText(schema, field) ? value.join() : value;
        }
        // The bridge validates it; what is written wrongly in a way that a person should know was refused above.
        const asked = input as InputOf<Defined>;
        show(await context.client().perform(operation, asked), { context, input: asked, options: given });
      },
      [...ofFields.map(([, option]) => option), ...shownBy],
    );
  };
  return {
    name,
    operation,
    fields: [...positional.map(({ field }) => field), ...flags.map(([field]) => field), ...Object.keys(defaults)],
    add,
  };
}

/** The keywords of a field's schema that the command line makes use of. */
interface FieldSchema extends TSchema {
  readonly type?: string;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
}

const fieldOf = (schema: Operation['input'], field: string): FieldSchema => schema.properties[field]!;

/** A list in a query is comma-separated text. */
const isText = (schema: Operation['input'], field: string): boolean => fieldOf(schema, field).type === 'string';

function parseBy(schema: Operation['input'], field: string): (written: string) => string {
  const { pattern } = fieldOf(schema, field);
  return (pattern === undefined ? undefined : parserOf(pattern)) ?? ((written) => written);
}

/** The option of a field, which checks what the field's schema says. */
function optionOf(schema: Operation['input'], field: string, flag: readonly [string, string] | Option): Option {
  if (flag instanceof Option) return flag;
  const { type, enum: values, minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = fieldOf(schema, field);
  const option =
    type === 'integer' ? wholeNumber(...flag, minimum, maximum) : new Option(...flag).argParser(parseBy(schema, field));
  return values === undefined ? option : option.choices(values);
}

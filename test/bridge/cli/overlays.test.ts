/** The command line against the catalogues of operations that it is derived from. */
import { describe, expect, test } from '@jest/globals';
import { createProgram } from '../../../bridge/src/cli/cli.ts';
import type { OperationCommand } from '../../../bridge/src/cli/operations.ts';
import { FIELD_WORDS } from '../../../bridge/src/cli/overlays/fields.ts';
import { GROUPS, SINGLE_COMMANDS, WITHOUT_COMMAND } from '../../../bridge/src/cli/overlays/overlays.ts';
import type { Operation } from '../../../bridge/src/contract/operation.ts';
import { DRIVER_OPERATIONS } from '../../../bridge/src/engine/sandbox/driver/driver.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';

const operations: readonly Operation[] = [...OPERATIONS, ...DRIVER_OPERATIONS];
const derived: readonly (readonly [string, OperationCommand])[] = [
  ...SINGLE_COMMANDS.map((command) => [command.name, command] as const),
  ...GROUPS.flatMap(({ name, commands }) =>
    commands.flatMap((command) =>
      typeof command === 'function' ? [] : [[`${name} ${command.name}`, command] as const],
    ),
  ),
];

test('every operation has one command, or a reason to have none', () => {
  const stated = [...derived.map(([, { operation }]) => operation.id), ...Object.keys(WITHOUT_COMMAND)];
  expect([...stated].sort()).toEqual(operations.map(({ id }) => id).sort());
  for (const reason of Object.values(WITHOUT_COMMAND)) expect(reason).toMatch(/\w+ \w+/);
});

test('no two commands have the same name', () => {
  const paths = derived.map(([path]) => path);
  expect(paths.filter((path, index) => paths.indexOf(path) !== index)).toEqual([]);
});

test('words for fields are words for fields that there are', () => {
  const fields = operations.flatMap(({ input }) => Object.keys(input.properties));
  expect(fields).toEqual(expect.arrayContaining(Object.keys(FIELD_WORDS)));
});

/** Commands that cannot write what their operation does not require, and why. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  'sandbox heal': 'it clears all faults; `sandbox fault` sets them',
};

/** What can be chosen for a field, if not anything. */
function choicesOf({ input }: Operation, field: string): readonly string[] | undefined {
  const schema = input.properties[field] as { readonly enum?: readonly string[]; readonly anyOf?: readonly object[] };
  const schemas = [schema, ...(schema.anyOf ?? [])] as readonly { readonly enum?: readonly string[] }[];
  return schemas.find((each) => each.enum !== undefined)?.enum;
}

describe.each(derived)('wabridge %s', (path, { operation, fields, positional, optional, withDefault }) => {
  const command = path
    .split(' ')
    .reduce<ReturnType<typeof createProgram> | undefined>(
      (found, name) => found?.commands.find((each) => each.name() === name),
      createProgram(),
    );

  test('is in the program, with a sentence', () => {
    expect(command?.name()).toBe(path.split(' ').at(-1));
    expect(command!.description()).toMatch(/^(WhatsApp|[a-z]).+[^.]$/);
  });

  test('asks for an operation of the catalogue, with all fields that it has', () => {
    expect(operations).toContain(operation);
    const left = LEFT_OUT[path] === undefined ? Object.keys(operation.input.properties) : operation.input.required;
    expect([...fields].sort()).toEqual([...left].sort());
  });

  test('shows in its help each field that can be written, with the choices that it has and whether it can be left out', () => {
    const isRequired = (field: string): boolean => operation.input.required?.includes(field) ?? false;
    const shown = command!.registeredArguments.map(({ required, argChoices }) => ({ required, argChoices }));
    expect(shown).toEqual(
      positional.map((field) => ({ required: isRequired(field), argChoices: choicesOf(operation, field) })),
    );
    for (const { field, options } of optional) {
      const choices = choicesOf(operation, field);
      for (const option of options) {
        expect(command!.options).toContain(option);
        // What can be true or false has an option without a value for each.
        const value = option.required || option.optional;
        expect({ field, argChoices: option.argChoices }).toEqual({ field, argChoices: value ? choices : undefined });
      }
      const hasDefault = withDefault.includes(field) || options.some(({ defaultValue }) => defaultValue !== undefined);
      const mayBeLeftOut = hasDefault || options.some(({ mandatory }) => !mandatory);
      expect({ field, mayBeLeftOut }).toEqual({ field, mayBeLeftOut: hasDefault || !isRequired(field) });
    }
    const writable = [...positional, ...optional.map(({ field }) => field), ...withDefault];
    expect(writable).toEqual(expect.arrayContaining(operation.input.required ?? []));
  });
});

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

describe.each(derived)('wabridge %s', (path, { operation, fields }) => {
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

  test('shows in its help what can be written for each field that can be', () => {
    const written = command!.registeredArguments.length + command!.options.length;
    const common = ['--json', '--data-dir', '--config', '--url'].length;
    // A default, as of `key issue`, is for an option too.
    expect(written - common).toBeGreaterThanOrEqual(fields.length);
  });
});

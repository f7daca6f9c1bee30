/** The command line against the catalogue of operations that it is derived from. */
import { describe, expect, test } from '@jest/globals';
import { createProgram } from '../../../bridge/src/cli/cli.ts';
import type { OperationCommand } from '../../../bridge/src/cli/operations.ts';
import { DERIVED, WITHOUT_COMMAND } from '../../../bridge/src/cli/overlays/overlays.ts';
import type { Operation } from '../../../bridge/src/contract/operation.ts';
import { DRIVER_OPERATIONS } from '../../../bridge/src/engine/sandbox/driver/driver.ts';
import { OPERATIONS } from '../../../bridge/src/contract/operations/operations.ts';

const operations: readonly Operation[] = [...OPERATIONS, ...DRIVER_OPERATIONS];
const derived = Object.values(DERIVED).flatMap(({ name, commands }) =>
  commands.flatMap((command) => (typeof command === 'function' ? [] : [[`${name} ${command.name}`, command] as const])),
);
const idsOf = (commands: readonly (readonly [string, OperationCommand])[]): readonly string[] =>
  commands.map(([, { operation }]) => operation.id);

test('every operation has a command, or a reason to have none, and not both', () => {
  const stated = [...idsOf(derived), ...Object.keys(WITHOUT_COMMAND)];
  expect([...stated].sort()).toEqual(operations.map(({ id }) => id).sort());
  for (const reason of Object.values(WITHOUT_COMMAND)) expect(reason).toMatch(/\w+ \w+/);
});

describe.each(derived)('wabridge %s', (path, { operation, fields }) => {
  test('is in the program', () => {
    const found = path
      .split(' ')
      .reduce<ReturnType<typeof createProgram> | undefined>(
        (command, name) => command?.commands.find((each) => each.name() === name),
        createProgram(),
      );
    expect(found?.name()).toBe(path.split(' ').at(-1));
  });

  test('asks for an operation of the catalogue, with fields that it has and every field that it requires', () => {
    expect(operations).toContain(operation);
    expect(Object.keys(operation.input.properties)).toEqual(expect.arrayContaining([...fields]));
    expect(fields).toEqual(expect.arrayContaining([...(operation.input.required ?? [])]));
  });
});

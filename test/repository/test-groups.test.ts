/** What `npm test` makes of groups that fail in one way or another. */
import { expect, test } from '@jest/globals';
import { runGroups, type TestFile, type TestGroup, type TestRun } from '../../scripts/test-groups.ts';

const groupOf = (name: string, prepare?: () => Promise<void>): TestGroup => ({
  name,
  projects: [name],
  workers: 1,
  ...(prepare === undefined ? {} : { prepare }),
});
const file = (status: TestFile['status'], ...statuses: string[]): TestFile => ({
  name: 'a.test.ts',
  status,
  assertionResults: statuses.map((each) => ({ status: each })),
});
const passed: TestRun = { code: 0, files: [file('passed', 'passed', 'passed', 'pending')] };

test('counts tests, and files that could not be run', async () => {
  const runs: Readonly<Record<string, TestRun>> = {
    unit: passed,
    e2e: { code: 1, files: [file('failed', 'passed', 'failed', 'failed'), file('failed')] },
  };
  const total = await runGroups(
    [groupOf('unit'), groupOf('e2e')],
    async ({ name }) => runs[name]!,
    () => undefined,
  );
  expect(total).toEqual({ passed: 3, failed: 3, skipped: 1 });
});

test('a run that broke without a failed test counts as a failure', async () => {
  const total = await runGroups(
    [groupOf('unit')],
    async () => ({ ...passed, code: 1 }),
    () => undefined,
  );
  expect(total).toEqual({ passed: 2, failed: 1, skipped: 1 });
});

test('no group waits for what another one needs', async () => {
  const ran: string[] = [];
  let bring: () => void = () => undefined;
  const brought = new Promise<void>((resolve) => (bring = resolve));
  await runGroups(
    [groupOf('e2e', () => brought), groupOf('unit')],
    async ({ name }) => {
      ran.push(name);
      bring();
      return passed;
    },
    () => undefined,
  );
  expect(ran).toEqual(['unit', 'e2e']);
});

test('a group that could not be prepared or run is said and counted, and the others run', async () => {
  const said: string[] = [];
  const ran: string[] = [];
  const refuse = (): Promise<void> => Promise.reject(new Error('no browser'));
  const total = await runGroups(
    [groupOf('browser', refuse), groupOf('unit'), groupOf('e2e')],
    async ({ name }) => {
      ran.push(name);
      if (name === 'e2e') throw new Error('no jest');
      return passed;
    },
    (line) => said.push(line),
  );
  expect(ran).toEqual(['unit', 'e2e']);
  expect(said.sort()).toEqual([
    'the tests of browser could not be run: no browser',
    'the tests of e2e could not be run: no jest',
  ]);
  expect(total).toEqual({ passed: 2, failed: 2, skipped: 1 });
});

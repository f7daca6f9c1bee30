/** Runs groups of tests side by side and adds up what became of them. */
import { messageOf } from '../bridge/src/ops/reason.ts';

/** What jest reports of a test file. */
export interface TestFile {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly assertionResults: readonly { readonly status: string }[];
}

export interface TestGroup {
  readonly name: string;
  readonly projects: readonly string[];
  /** Test files side by side: they wait for threads, disks, pages and deadlines, so more of them than there are cores. */
  readonly workers: number;
  /** Brings what the group needs besides a build. The other groups do not wait for it. */
  readonly prepare?: () => Promise<void>;
}

/** @param code not 0 if it broke, with or without a test that failed */
export interface TestRun {
  readonly code: number;
  readonly files: readonly TestFile[];
}

interface Total {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * Never rejects, since there is more to say after the tests: a group that could not be prepared or run is said, counts as one
 * failure, and leaves the others as they are.
 */
export async function runGroups(
  groups: readonly TestGroup[],
  run: (group: TestGroup) => Promise<TestRun>,
  say: (line: string) => void,
): Promise<Total> {
  const total: Total = { passed: 0, failed: 0, skipped: 0 };
  let broken = false;
  const runOne = async (group: TestGroup): Promise<void> => {
    try {
      await group.prepare?.();
      const { code, files } = await run(group);
      broken ||= code !== 0;
      for (const file of files) add(total, file);
    } catch (error) {
      say(`the tests of ${group.projects.join(', ')} could not be run: ${messageOf(error)}`);
      total.failed += 1;
    }
  };
  await Promise.all(groups.map(runOne));
  // A run that broke without a failed test (a crash, no test found) must not read as a success.
  if (broken && total.failed === 0) total.failed = 1;
  return total;
}

function add(total: Total, { status, assertionResults }: TestFile): void {
  const count = (...wanted: string[]): number => assertionResults.filter((each) => wanted.includes(each.status)).length;
  total.passed += count('passed');
  // A file that could not be run has no test that failed.
  total.failed += Math.max(count('failed'), status === 'failed' ? 1 : 0);
  total.skipped += count('pending', 'skipped', 'todo', 'disabled');
}

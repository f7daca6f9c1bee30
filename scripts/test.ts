/**
 * `npm test`: installs what the tests need, builds, runs every jest project and counts. `--only=unit` (npm run
 * test:unit) runs what needs neither browser nor n8n. Further arguments go to jest.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { build, ensureChromium, root, run, say, tool } from './tasks.ts';

interface TestFile {
  readonly name: string;
  readonly status: 'passed' | 'failed';
  readonly assertionResults: readonly { readonly status: string }[];
}

const unitOnly = process.argv.includes('--only=unit');
const rest = process.argv.slice(2).filter((argument) => !argument.startsWith('--only='));

if (!unitOnly) {
  await ensureChromium();
  const installed = await run(process.execPath, ['scripts/install-n8n.cjs']);
  if (installed.code !== 0) process.exit(installed.code);
}
await build();

const results = join(root, '.cache', 'test-results');
mkdirSync(results, { recursive: true });

/** The heavy projects run one test file at a time: each starts servers and browsers of its own. */
const groups = unitOnly
  ? [{ name: 'unit', projects: ['unit', 'pack'], workers: 2 }]
  : [
      { name: 'unit', projects: ['unit', 'pack', 'conformance'], workers: 2 },
      { name: 'browser', projects: ['browser'], workers: 1 },
      { name: 'e2e', projects: ['e2e'], workers: 1 },
    ];

/** Runs jest and reads what became of each test file. */
async function runFiles(
  name: string,
  projects: readonly string[],
  workers: number,
  args: readonly string[],
): Promise<{ code: number; files: readonly TestFile[] }> {
  const file = join(results, `${name}.json`);
  rmSync(file, { force: true });
  const { code } = await run(
    process.execPath,
    [
      '--experimental-vm-modules',
      '--disable-warning=ExperimentalWarning',
      tool('jest/bin/jest.js'),
      '--selectProjects',
      ...projects,
      `--maxWorkers=${workers}`,
      '--json',
      `--outputFile=${file}`,
      ...args,
    ],
    { env: { NODE_NO_WARNINGS: '1' } },
  );
  // Jest that dies writes nothing: the caller sees the exit code.
  if (!existsSync(file)) return { code, files: [] };
  return { code, files: (JSON.parse(readFileSync(file, 'utf8')) as { testResults: TestFile[] }).testResults };
}

const total = { passed: 0, failed: 0, skipped: 0 };
const unsteady: string[] = [];
let broken = false;
for (const { name, projects, workers } of groups) {
  say(`running the tests: ${projects.join(', ')}`);
  let { code, files } = await runFiles(name, projects, workers, rest);
  const failed = files.filter(({ status }) => status === 'failed').map((each) => each.name);
  if (failed.length > 0) {
    // On a machine that others load too, a deadline can pass for no fault of ours. What fails twice has failed; what does
    // not is named below, and has to be mended all the same.
    say(`running again what failed: ${failed.map((each) => relative(root, each)).join(', ')}`);
    const again = await runFiles(`${name}-again`, projects, 1, ['--runTestsByPath', ...failed]);
    const mended = new Map(again.files.map((each) => [each.name, each]));
    files = files.map((each) => mended.get(each.name) ?? each);
    code = again.code;
    unsteady.push(...again.files.filter(({ status }) => status === 'passed').map((each) => relative(root, each.name)));
  }
  broken ||= code !== 0;
  for (const { status, assertionResults } of files) {
    const count = (...wanted: string[]): number =>
      assertionResults.filter((each) => wanted.includes(each.status)).length;
    total.passed += count('passed');
    // A file that could not be run has no test that failed.
    total.failed += Math.max(count('failed'), status === 'failed' ? 1 : 0);
    total.skipped += count('pending', 'skipped', 'todo', 'disabled');
  }
}
// A run that broke without a failed test (a crash, no test found) must not read as a success.
if (broken && total.failed === 0) total.failed = 1;
for (const file of unsteady) say(`unsteady: ${file} failed once and passed when it was run again`);
writeFileSync(join(results, 'total.json'), JSON.stringify(total));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

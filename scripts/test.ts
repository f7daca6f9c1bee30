/**
 * `npm test`: installs what the tests need, builds, runs every jest project and counts. `--only=unit` (npm run
 * test:unit) runs what needs neither browser nor n8n. Further arguments go to jest.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, ensureChromium, root, run, say, tool } from './tasks.ts';

interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly numRuntimeErrorTestSuites: number;
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

const total = { passed: 0, failed: 0, skipped: 0 };
let broken = false;
for (const { name, projects, workers } of groups) {
  say(`running the tests: ${projects.join(', ')}`);
  const file = join(results, `${name}.json`);
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
      ...rest,
    ],
    { env: { NODE_NO_WARNINGS: '1' } },
  );
  broken ||= code !== 0;
  const outcome = JSON.parse(readFileSync(file, 'utf8')) as JestResults;
  total.passed += outcome.numPassedTests;
  total.failed += outcome.numFailedTests + outcome.numRuntimeErrorTestSuites;
  total.skipped += outcome.numPendingTests + outcome.numTodoTests;
}
// A run that broke without a failed test (a crash, no test found) must not read as a success.
if (broken && total.failed === 0) total.failed = 1;
writeFileSync(join(results, 'total.json'), JSON.stringify(total));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;

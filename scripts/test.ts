/**
 * `npm test`: installs what the tests need, builds, starts the servers that they share, runs every jest project but one and
 * counts. `--only=unit` (npm run test:unit) runs what needs none of these, `--only=long` (npm run test:long) what takes long
 * and repeats another test. `--with-lint` also runs `npm run lint`, in the processor time that the tests leave over. Further
 * arguments go to jest.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { N8nServer } from '../test/e2e/n8n-server.ts';
import { startPostgres } from '../test/servers/postgres.ts';
import { startRedis } from '../test/servers/redis.ts';
import { messageOf } from '../bridge/src/ops/reason.ts';
import { bundleLibraries } from './bundle-libraries.ts';
import { BROWSERS, ensureDebianPackages, SERVERS } from './debian-packages.ts';
import { build, root, run, say, tool } from './tasks.ts';
import { runGroups, type TestFile, type TestGroup, type TestRun } from './test-groups.ts';

const only = process.argv.find((argument) => argument.startsWith('--only='))?.slice('--only='.length);
const withLint = process.argv.includes('--with-lint');
const rest = process.argv.slice(2).filter((argument) => !argument.startsWith('--only=') && argument !== '--with-lint');

/** The end-to-end tests begin with copies of this folder. */
const template = join(root, '.cache', 'n8n-template');

/** End the servers that all test files share. */
const endings: (() => Promise<void>)[] = [];
/** Where those are, for the test files. */
const serverUrls: Record<string, string> = {};

async function prepareServers(): Promise<void> {
  await ensureDebianPackages([...BROWSERS, ...SERVERS]);
  for (const [variable, start] of [
    ['TEST_POSTGRES_URL', startPostgres],
    ['TEST_REDIS_URL', startRedis],
  ] as const) {
    const server = await start();
    endings.push(() => server.stop());
    serverUrls[variable] = server.url;
  }
  const { code } = await run(process.execPath, ['scripts/install-n8n.cjs']);
  if (code !== 0) throw new Error('n8n could not be installed (see above)');
  rmSync(template, { recursive: true, force: true });
  await new N8nServer({ folder: template, port: 0, brokerPort: 0 }).makeTemplate();
}

const GROUPS: Readonly<Record<string, readonly TestGroup[]>> = {
  unit: [{ name: 'unit', projects: ['unit', 'pack'], workers: 3 }],
  long: [{ name: 'long', projects: ['long'], workers: 3, prepare: prepareServers }],
  all: [
    { name: 'unit', projects: ['unit', 'pack'], workers: 2 },
    { name: 'servers', projects: ['conformance', 'browser', 'e2e'], workers: 3, prepare: prepareServers },
  ],
};
const groups = GROUPS[only ?? 'all'];
if (groups === undefined) throw new Error(`--only is one of ${Object.keys(GROUPS).join(', ')}`);

// What was started ends where this process exits, but not where a signal ends it.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

const results = join(root, '.cache', 'test-results');
mkdirSync(results, { recursive: true });

await build();
const nodeOptions = await bundleLibraries();

/** Runs jest and reads what became of each test file. */
async function runFiles({ name, projects, workers }: TestGroup): Promise<TestRun> {
  say(`running the tests: ${projects.join(', ')}`);
  const file = join(results, `${name}.json`);
  rmSync(file, { force: true });
  const { code } = await run(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      tool('jest/bin/jest.js'),
      '--selectProjects',
      ...projects,
      `--maxWorkers=${workers}`,
      `--testSequencer=${join(root, 'scripts', 'longest-first.cjs')}`,
      '--json',
      `--outputFile=${file}`,
      ...rest,
    ],
    {
      env: {
        NODE_NO_WARNINGS: '1',
        TEST_N8N_TEMPLATE: template,
        ...serverUrls,
        // The commands and bridges that tests start need half as long to load.
        NODE_COMPILE_CACHE: join(root, '.cache', 'compile-cache'),
        // What users run, and what starts in half the time.
        TEST_BRIDGE_MAIN: join(root, 'bridge', 'dist', 'main.js'),
        NODE_OPTIONS: nodeOptions,
        // Of those that are started without the options of jest's own processes.
        TEST_NODE_OPTIONS: nodeOptions,
      },
    },
  );
  // Jest that dies writes nothing: the caller sees the exit code.
  if (!existsSync(file)) return { code, files: [] };
  return { code, files: (JSON.parse(readFileSync(file, 'utf8')) as { testResults: TestFile[] }).testResults };
}

/** Beside the tests, which wait a lot, and behind them where both want the processor. */
const linted = withLint ? run('nice', ['-n', '10', process.execPath, 'scripts/lint.ts'], { show: 'never' }) : undefined;
// What it says is told at the end, also if it cannot be started.
linted?.catch(() => undefined);

const total = await runGroups(groups, runFiles, say);
const unended = (error: unknown): void => say(`a server of the tests did not end: ${messageOf(error)}`);
await Promise.all(endings.map((end) => end().catch(unended)));
writeFileSync(join(results, 'total.json'), JSON.stringify(total));
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
if (total.failed > 0) process.exitCode = 1;
const lintRun = await linted;
if (lintRun !== undefined) {
  process.stdout.write(lintRun.output);
  if (lintRun.code !== 0) process.exitCode = 1;
}

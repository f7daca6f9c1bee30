/** Everything that must hold besides the tests: types, lint, format, import direction, dead code, package content. */
import { run, tool, typesOf } from './tasks.ts';

const node = (script: string, ...args: string[]) => [process.execPath, [tool(script), ...args]] as const;

const CHECKS: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'types of the pack': [process.execPath, [...typesOf('pack'), '--noEmit']],
  'types of the bridge': [process.execPath, [...typesOf('bridge'), '--noEmit']],
  'types of the tests': node('typescript/bin/tsc', '-p', 'test/tsconfig.json'),
  'types of the pack tests': node('typescript/bin/tsc', '-p', 'test/tsconfig.pack.json'),
  eslint: node('eslint/bin/eslint.js', '.', '--max-warnings=0'),
  prettier: node('prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  'import direction': node(
    'dependency-cruiser/bin/dependency-cruise.mjs',
    '--config',
    '.dependency-cruiser.cjs',
    'bridge/src',
    'nodes',
    'credentials',
    'scripts',
    'test',
  ),
  'dead code': node('knip/bin/knip.js'),
  'package content': [process.execPath, ['scripts/check-package.ts']],
};

let passed = 0;
const failed: string[] = [];
const waiting = Object.entries(CHECKS);
/** Two at a time: each uses one core. */
await Promise.all(
  [1, 2].map(async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [name, [program, args]] = next;
      const { code } = await run(program, args, { show: 'on-failure' });
      console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name}`);
      if (code === 0) passed += 1;
      else failed.push(name);
    }
  }),
);
console.log(`${passed} passed, ${failed.length} failed, 0 skipped`);
process.exitCode = failed.length > 0 ? 1 : 0;

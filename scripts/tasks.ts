/** Steps that several scripts share: running programs and building. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleBridge } from './bundle-bridge.ts';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

export const say = (line: string): void => void process.stderr.write(`wabridge: ${line}\n`);

export interface Run {
  readonly code: number;
  readonly output: string;
}

/**
 * Runs a program in the repository root and waits for it.
 *
 * @param show `always` passes the output on, `on-failure` prints it only where the exit code is not 0, `never` leaves it
 *   to the caller
 */
export function run(
  program: string,
  args: readonly string[],
  options: { env?: Record<string, string>; show?: 'always' | 'on-failure' | 'never'; cwd?: string } = {},
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const { show = 'always' } = options;
    const quiet = show !== 'always';
    const child = spawn(program, args, {
      cwd: options.cwd ?? root,
      env: { ...process.env, ...options.env },
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
    });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (code) => {
      const output = Buffer.concat(chunks).toString();
      if (show === 'on-failure' && code !== 0) process.stderr.write(output);
      resolve({ code: code ?? 1, output });
    });
  });
}

/** The program of an installed package, run with this very Node. */
export const tool = (path: string): string => join(root, 'node_modules', path);

/** Runs npm with this very Node; the bootstrap tells where npm is. */
export function npm(args: readonly string[], cwd = root): Promise<Run> {
  const program = process.env.WABRIDGE_NPM;
  if (!program) throw new Error('run this with npm (npm run …), so that the path of npm is known');
  return run(process.execPath, [program, ...args], { cwd, show: 'on-failure' });
}

async function must(what: string, program: string, args: readonly string[]): Promise<void> {
  const { code } = await run(program, args, { show: 'on-failure' });
  if (code !== 0) throw new Error(`${what} failed (see above)`);
}

/**
 * Arguments of TypeScript's compiler for the pack or the bridge. A build notes what it has checked, so that the lint after
 * it checks only what has changed since.
 */
export const typesOf = (part: 'pack' | 'bridge'): readonly string[] => [
  tool('typescript/bin/tsc'),
  '-p',
  part === 'pack' ? 'tsconfig.json' : 'bridge/tsconfig.json',
  '--incremental',
  '--tsBuildInfoFile',
  noteOf(part),
];

const noteOf = (part: 'pack' | 'bridge'): string => join(root, '.cache', 'types', `${part}.tsbuildinfo`);

/** Builds the pack and the bridge from scratch. */
export async function build(): Promise<void> {
  say('building …');
  // With its note the compiler would not write again what it had written before.
  for (const path of [join(root, 'dist'), join(root, 'bridge', 'dist'), noteOf('pack'), noteOf('bridge')])
    rmSync(path, { recursive: true, force: true });
  await Promise.all([
    must('the build of the pack', process.execPath, typesOf('pack')),
    must('the build of the bridge', process.execPath, typesOf('bridge')),
  ]);
  // Only now: it would take the place of an error in the types by one of its own.
  await bundleBridge(join(root, 'bridge'));
  await must('gulp', process.execPath, [tool('gulp/bin/gulp.js'), 'assets']);
}

/**
 * Puts libraries of many small modules together for the processes of the tests that load the bridge's source, as its build
 * does for users: a thousand modules take half a second of processor time each time, and the thread of a database loads some
 * hundred again. `test/native/bundled-libraries.cjs` leads imports there.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { root } from './tasks.ts';

/** What is imported of each: everything that it offers unless it is said here. */
const LIBRARIES: Readonly<Record<string, readonly string[] | null>> = {
  kysely: null,
  typebox: null,
  'libphonenumber-js': ['./min'],
};
const folder = join(root, '.cache', 'libraries');

type Target = string | { readonly import?: string; readonly default?: string };

/** Files by the specifiers that lead to them. @param wanted null for all that the library offers */
function entriesOf(library: string, wanted: readonly string[] | null): ReadonlyMap<string, string> {
  const home = join(root, 'node_modules', library);
  const { exports } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, Target>>;
  };
  const fileOf = (target: Target): string | undefined =>
    typeof target === 'string' ? target : (target.import ?? target.default);
  return new Map(
    Object.entries(exports).flatMap(([path, target]) => {
      const file = wanted === null || wanted.includes(path) ? fileOf(target) : undefined;
      return file === undefined || !/\.m?js$/.test(file) ? [] : [[join(library, path), join(home, file)]];
    }),
  );
}

/** @returns the option of Node by which a process, with its threads, loads what was put together */
export async function bundleLibraries(): Promise<string> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const entries = Object.entries(LIBRARIES).flatMap(([library, wanted]) => [...entriesOf(library, wanted)]);
  const nameOf = (specifier: string): string => specifier.replaceAll('/', '-');
  await build({
    entryPoints: entries.map(([specifier, file]) => ({ in: file, out: nameOf(specifier) })),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22.13',
    logLevel: 'warning',
  });
  const index = entries.map(([specifier]) => [specifier, join(folder, `${nameOf(specifier)}.mjs`)]);
  writeFileSync(join(folder, 'index.json'), JSON.stringify(Object.fromEntries(index)));
  return `--require "${join(root, 'test', 'native', 'bundled-libraries.cjs')}"`;
}

/**
 * Puts libraries of many small modules together, one file each, for the processes that the tests start: a bridge loads a
 * thousand modules of these, which takes half a second of processor time each time, and the thread of its database some
 * hundred again. `test/native/bundled-libraries.cjs` leads imports there. What users run does without.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { transformSync } from '@swc/core';
import { root } from './tasks.ts';

/** What is imported of each: everything that it offers unless it is said here. */
const LIBRARIES: Readonly<Record<string, readonly string[] | null>> = {
  kysely: null,
  typebox: null,
  'libphonenumber-js': ['./min'],
};
const folder = join(root, '.cache', 'libraries');
const require = createRequire(import.meta.url);

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

/** All modules that these lead to, each as the body of a CommonJS function. */
function modulesOf(entries: Iterable<string>): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  const waiting = [...entries];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    if (found.has(file)) continue;
    const from = dirname(file);
    const { code } = transformSync(readFileSync(file, 'utf8'), {
      // Without comments, and all else as it is.
      jsc: {
        target: 'es2024',
        parser: { syntax: 'ecmascript' },
        minify: { compress: false, mangle: false, format: { comments: false } },
      },
      minify: true,
      module: { type: 'commonjs' },
      swcrc: false,
    });
    const body = code.replaceAll(/\brequire\("(\.[^"]+)"\)/g, (_call, path: string) => {
      const target = join(from, path);
      waiting.push(target);
      return `load(${JSON.stringify(relative(root, target))})`;
    });
    found.set(file, body);
  }
  return found;
}

const LOADER = `'use strict';
const modules = new Map();
const load = (name) => {
  const known = modules.get(name);
  if (known) return known.exports;
  const module = { exports: {} };
  modules.set(name, module);
  bodies[name](module, module.exports, load, require);
  return module.exports;
};
module.exports = load;
`;

/** @returns the option of Node by which a process, with its threads, loads what was put together */
export function bundleLibraries(): string {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const index: Record<string, string> = {};
  for (const [library, wanted] of Object.entries(LIBRARIES)) {
    const entries = entriesOf(library, wanted);
    const bodies = [...modulesOf(entries.values())].map(
      ([file, body]) => `${JSON.stringify(relative(root, file))}(module, exports, load, require) {\n${body}\n}`,
    );
    const bundle = join(folder, `${library}.cjs`);
    writeFileSync(bundle, `${LOADER}const bodies = {\n${bodies.join(',\n')}\n};\n`);
    const load = require(bundle) as (name: string) => Readonly<Record<string, unknown>>;
    for (const [specifier, file] of entries) {
      const name = relative(root, file);
      const exported = Object.keys(load(name)).filter((each) => each !== '__esModule');
      const facade = join(folder, `${specifier.replaceAll('/', '-')}.mjs`);
      writeFileSync(
        facade,
        `import load from './${library}.cjs';\nconst entry = load(${JSON.stringify(name)});\n${exported
          .map((each, place) => `const e${place} = entry[${JSON.stringify(each)}];\nexport { e${place} as ${each} };\n`)
          .join('')}`,
      );
      index[specifier] = facade;
    }
  }
  writeFileSync(join(folder, 'index.json'), JSON.stringify(index));
  return `--require "${join(root, 'test', 'native', 'bundled-libraries.cjs')}"`;
}

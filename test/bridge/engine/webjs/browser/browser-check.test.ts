import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { checkBrowser } from '../../../../../bridge/src/engine/webjs/browser/browser-check.ts';

const folder = mkdtempSync(join(tmpdir(), 'wabridge-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A program that takes the place of a browser. */
const program = (name: string, script: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
};

test('a browser that starts, with the flags of sessions and the operator', async () => {
  const said = join(folder, 'said');
  const path = program('chromium-headless-shell', `echo "$@" > ${said}`);
  expect(await checkBrowser(path, ['--lang=de'])).toMatchObject({ ok: true, detail: expect.stringContaining(path) });
  expect(readFileSync(said, 'utf8')).toMatch(/--disable-gpu .*--lang=de .*--user-data-dir=\S+ .*about:blank/);
});

test('one that is there and does not start, and what to do', async () => {
  const lacking = 'error while loading shared libraries: libnss3.so: cannot open shared object file';
  expect(await checkBrowser(program('lacking', `echo "${lacking}" >&2; exit 127`), [])).toEqual({
    ok: false,
    detail: `${join(folder, 'lacking')} does not start`,
    todo: expect.stringMatching(/^The browser needs the system library libnss3.so, .*\.$/),
  });
  const sandbox = program('no-sandbox', 'echo "FATAL: No usable sandbox! If you are" >&2; exit 1');
  expect(await checkBrowser(sandbox, [])).toMatchObject({
    ok: false,
    todo: expect.stringContaining('user namespaces'),
  });
});

test('none', async () => {
  const missing = join(folder, 'missing');
  expect(await checkBrowser(missing, [])).toMatchObject({
    ok: false,
    detail: 'no browser can be used',
    todo: expect.stringContaining('WABRIDGE_BROWSER_PATH'),
  });
});

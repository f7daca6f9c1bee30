import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import {
  browserFacts,
  BrowserNotFound,
  findBrowser,
  sandboxWarning,
} from '../../../../bridge/src/engine/webjs/browser-finder.ts';

const folder = mkdtempSync(join(tmpdir(), 'wabridge-finder-'));
afterAll(() => rmSync(folder, { recursive: true }));
const program = (name: string, mode = 0o755): string => {
  const path = join(folder, name);
  writeFileSync(path, '', { mode });
  return path;
};

test('the configured browser comes first, and a wrong one is not replaced by another', () => {
  const path = program('my-chromium');
  expect(findBrowser(path, [program('other')])).toEqual({ path, shell: false, foundBy: 'setting' });
  expect(() => findBrowser(join(folder, 'missing'), [path])).toThrow(BrowserNotFound);
  expect(() => findBrowser(program('not-runnable', 0o644), [path])).toThrow(/WABRIDGE_BROWSER_PATH/);
});

test('else the first of the usual places; the headless shell is recognised', () => {
  const shell = program('chromium-headless-shell');
  expect(findBrowser(undefined, [join(folder, 'missing'), shell, program('late')])).toEqual({
    path: shell,
    shell: true,
    foundBy: 'system',
  });
});

test('facts for the doctor say what to install', () => {
  expect(browserFacts(join(folder, 'missing'))).toMatchObject({
    ok: false,
    detail: expect.stringContaining('apt-get install chromium'),
  });
});

test('root is warned of what it gives up, others are not', () => {
  expect(sandboxWarning(0)).toMatch(/sandbox/);
  expect(sandboxWarning(1000)).toBeNull();
});

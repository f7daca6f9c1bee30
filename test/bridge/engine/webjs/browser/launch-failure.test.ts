import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { launchFailure, wordsFor } from '../../../../../bridge/src/engine/webjs/browser/launch-failure.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-launch-test-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const browser = (script: string): string => {
  const path = join(folder, 'browser');
  writeFileSync(path, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return path;
};

describe('a browser that does not start', () => {
  test('is asked why, with the same flags and a profile of its own, which is removed', async () => {
    const path = browser(`printf '%s\\n' "$@" > "${folder}/args"\necho 'it is broken' >&2\nexit 3`);
    expect(await launchFailure(path, ['--flag=1'])).toBe('the browser ended with: it is broken');
    const args = readFileSync(join(folder, 'args'), 'utf8').split('\n');
    expect(args[0]).toBe('--flag=1');
    const profile = args.find((arg) => arg.startsWith('--user-data-dir='))?.split('=')[1] as string;
    expect(() => readdirSync(profile)).toThrow(/ENOENT/);
  });

  test('says nothing of itself where it starts after all', async () => {
    expect(await launchFailure(browser('echo "a warning" >&2'), [])).toBeNull();
    expect(await launchFailure(browser('exit 1'), [])).toBeNull();
  });

  test('that cannot be run at all says that', async () => {
    expect(await launchFailure(join(folder, 'missing'), [])).toContain('ENOENT');
  });
});

test.each([
  // As Chromium 156 writes it.
  [
    '[1121/150434.431347:ERROR:content/browser/zygote_host/zygote_host_impl_linux.cc:130] No usable sandbox! If this is a Debian system, please install',
    /user namespaces.*chromium-sandbox.*runbook/,
  ],
  [
    'chrome: error while loading shared libraries: libnss3.so: cannot open shared object',
    /needs the system library libnss3\.so/,
  ],
  ['a\n[1:2:3/4:FATAL:file.cc(1)] Something else\n', /^the browser ended with: Something else$/],
])('%s', (said, words) => {
  expect(wordsFor(said)).toMatch(words);
});

test('silence has no words', () => expect(wordsFor(' \n')).toBeNull());

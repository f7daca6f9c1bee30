/** What a browser is told of the bridge's environment: nothing of the bridge. A script in its place writes it down. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { browserEnvironment } from '../../../../../bridge/src/engine/webjs/browser/browser-environment.ts';
import { createClient } from '../../../../../bridge/src/engine/webjs/browser/client-factory.ts';
import { DEADLINES } from '../../../../../bridge/src/engine/webjs/deadlines.ts';

const SECRETS = { WABRIDGE_MASTER_KEY: 'hunter2-master', WABRIDGE_KEY: 'hunter2-key', wabridge_key: 'hunter2-lower' };
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-environment-'));
  Object.assign(process.env, SECRETS);
});
afterEach(() => {
  for (const name of Object.keys(SECRETS)) delete process.env[name];
  rmSync(folder, { recursive: true });
});

test('the rest is passed on as it is', () => {
  expect(browserEnvironment({ PATH: '/bin', LANG: 'C', WABRIDGE_PORT: '1', NONE: undefined })).toEqual({
    PATH: '/bin',
    LANG: 'C',
  });
});

test('neither the session’s browser nor the one that is asked why it does not start has a setting of the bridge', async () => {
  const path = join(folder, 'browser');
  writeFileSync(path, `#!/bin/sh\nenv >> "${folder}/seen"\necho "--" >> "${folder}/seen"\nexit 3\n`, { mode: 0o755 });
  const client = createClient({
    browser: { path, shell: true, foundBy: 'setting' },
    folder: join(folder, 'session'),
    extraArgs: [],
    proxy: null,
    deadlines: DEADLINES,
    onBrowser: () => undefined,
    launch: new AbortController().signal,
  });
  await expect(client.initialize()).rejects.toThrow();
  const seen = readFileSync(join(folder, 'seen'), 'utf8');
  expect(seen.split('--\n').filter((run) => run.includes('PATH='))).toHaveLength(2);
  expect(seen).not.toMatch(/hunter2|WABRIDGE_/i);
});

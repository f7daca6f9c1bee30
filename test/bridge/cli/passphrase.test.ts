import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { readPassphrase, type PassphraseSources } from '../../../bridge/src/cli/passphrase.ts';

const folder = mkdtempSync(join(tmpdir(), 'wabridge-passphrase-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const from = (sources: Partial<PassphraseSources>): PassphraseSources => ({
  file: undefined,
  environment: {},
  ask: null,
  ...sources,
});
const typing = (...answers: string[]): NonNullable<PassphraseSources['ask']> => {
  const left = [...answers];
  return async () => left.shift() ?? '';
};

test('the file wins over the environment, the environment over the terminal', async () => {
  const file = join(folder, 'passphrase');
  writeFileSync(file, 'from the file, with spaces \n');
  const environment = { WABRIDGE_PASSPHRASE: 'from the environment' };
  const ask = typing('from the terminal', 'from the terminal');
  expect(await readPassphrase(from({ file, environment, ask }), true)).toBe('from the file, with spaces ');
  expect(await readPassphrase(from({ environment, ask }), true)).toBe('from the environment');
  expect(await readPassphrase(from({ ask }), true)).toBe('from the terminal');
});

test('what is chosen is typed twice and long enough; what is only used is taken as it is', async () => {
  await expect(readPassphrase(from({ ask: typing('long enough 1', 'long enough 2') }), true)).rejects.toThrow('differ');
  await expect(readPassphrase(from({ ask: typing('too short', 'too short') }), true)).rejects.toThrow('fewer than 12');
  expect(await readPassphrase(from({ ask: typing('short') }), false)).toBe('short');
});

test('none, an empty one or a file that is not there: says how to give one', async () => {
  const missing = { code: 'WAB_PASSPHRASE_MISSING', message: expect.stringContaining('--passphrase-file') };
  await expect(readPassphrase(from({}), false)).rejects.toMatchObject(missing);
  await expect(readPassphrase(from({ environment: { WABRIDGE_PASSPHRASE: '' } }), false)).rejects.toMatchObject(
    missing,
  );
  await expect(readPassphrase(from({ file: join(folder, 'none') }), false)).rejects.toThrow('ENOENT');
});

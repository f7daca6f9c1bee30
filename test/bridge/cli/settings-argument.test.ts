/** What an engine needs to know of a session, on a command line: it comes from a file, which an error does not repeat. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { settingsFrom } from '../../../bridge/src/cli/settings-argument.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-settings-argument-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const written = (content: string): string => {
  const file = join(folder, 'settings.json');
  writeFileSync(file, content);
  return file;
};

test('an object is taken as it is', () => {
  expect(settingsFrom(written('{"account":"1","token":"secret"}\n'))).toEqual({ account: '1', token: 'secret' });
});

test.each(['{"token":"secret"', '"secret"', '["secret"]', 'null', ''])('%j is refused, and not repeated', (content) => {
  const file = written(content);
  expect(() => settingsFrom(file)).toThrow(`${file} is not a JSON object.`);
});

test('a file that cannot be read is named', () => {
  expect(() => settingsFrom(join(folder, 'missing.json'))).toThrow(/missing\.json cannot be read \(ENOENT\)/);
});

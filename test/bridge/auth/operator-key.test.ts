import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ensureOperatorKey, operatorKeyFile, readOperatorKey } from '../../../bridge/src/auth/operator-key.ts';
import { formatSecret } from '../../../bridge/src/auth/secret.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-operator-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('is made at the first start for its owner alone, and reused afterwards', () => {
  const dataDir = join(folder, 'data');
  expect(existsSync(dataDir)).toBe(false);
  const first = ensureOperatorKey(dataDir);
  expect(first.created).toBe(true);
  expect(statSync(operatorKeyFile(dataDir)).mode & 0o777).toBe(0o600);
  expect(readFileSync(operatorKeyFile(dataDir), 'utf8')).toBe(`${formatSecret(first.secret)}\n`);
  expect(readdirSync(dataDir)).toEqual(['operator.key']);
  expect(ensureOperatorKey(dataDir)).toEqual({ secret: first.secret, created: false });
  expect(readOperatorKey(dataDir)).toEqual(first.secret);
});

test('a strict umask does not lock its owner out, a lax one lets nobody in', () => {
  for (const mask of [0o777, 0o000]) {
    const dataDir = join(folder, String(mask));
    const before = process.umask(mask);
    try {
      // The folder itself is not ours to judge here.
      process.umask(0o077);
      ensureOperatorKey(dataDir);
      rmSync(operatorKeyFile(dataDir));
      process.umask(mask);
      ensureOperatorKey(dataDir);
    } finally {
      process.umask(before);
    }
    expect(statSync(operatorKeyFile(dataDir)).mode & 0o777).toBe(0o600);
  }
});

test.each([0o640, 0o604, 0o660, 0o644, 0o610])('mode %o is refused, with the command that helps', (mode) => {
  const { secret } = ensureOperatorKey(folder);
  chmodSync(operatorKeyFile(folder), mode);
  expect(() => readOperatorKey(folder)).toThrow(/chmod 600/);
  expect(() => ensureOperatorKey(folder)).toThrow(/The settings are not valid/);
  chmodSync(operatorKeyFile(folder), 0o600);
  expect(readOperatorKey(folder)).toEqual(secret);
});

test('a file that holds no key is refused, and its content is not repeated', () => {
  writeFileSync(operatorKeyFile(folder), 'wabk_ABCD_half-a-secret', { mode: 0o600 });
  expect(() => readOperatorKey(folder)).toThrow(/does not contain a key/);
  expect(() => readOperatorKey(folder)).not.toThrow(/half-a-secret/);
});

test('where there is none, none is read', () => {
  expect(readOperatorKey(folder)).toBeNull();
});

import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SecretBox } from '../../../bridge/src/auth/secret-box.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'wabridge-box-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

const KEY = Buffer.alloc(32, 7).toString('base64');
const OTHER = Buffer.alloc(32, 8).toString('base64');

describe('the secret box', () => {
  test('gives back what it was given, to the next process too, and never the same bytes twice', () => {
    const sealed = new SecretBox({ dataDir }).seal('pässword', 'p');
    const box = new SecretBox({ dataDir });
    expect(box.open(sealed, 'p')).toBe('pässword');
    expect(box.seal('pässword', 'p')).not.toBe(sealed);
    expect(sealed).not.toContain('ssword');
  });

  test('makes its key when it is first needed, readable by its owner alone', () => {
    const file = join(dataDir, 'master.key');
    const box = new SecretBox({ dataDir });
    expect(() => statSync(file)).toThrow(/ENOENT/);
    box.seal('x', 'p');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(Buffer.from(readFileSync(file, 'utf8'), 'base64')).toHaveLength(32);
    chmodSync(file, 0o644);
    expect(() => new SecretBox({ dataDir }).seal('x', 'p')).toThrow(/can be read by others/);
  });

  test('takes the key from the settings, or from another file, which it never makes', () => {
    const sealed = new SecretBox({ dataDir, masterKey: KEY }).seal('x', 'p');
    const masterKeyFile = join(dataDir, 'elsewhere');
    expect(() => new SecretBox({ dataDir, masterKeyFile }).seal('x', 'p')).toThrow(
      /the master key .*elsewhere is missing/,
    );
    writeFileSync(masterKeyFile, `${KEY}\n`, { mode: 0o600 });
    expect(new SecretBox({ dataDir, masterKeyFile }).open(sealed, 'p')).toBe('x');
    expect(() => new SecretBox({ dataDir, masterKey: 'short' }).seal('x', 'p')).toThrow(/32 bytes.*openssl/);
  });

  test('opens neither with another key, nor for another purpose, nor what was changed', () => {
    const box = new SecretBox({ dataDir, masterKey: KEY });
    const sealed = box.seal('x', 'session one');
    // The first character after the version belongs to whole bytes, whatever follows.
    const changed = `${sealed.slice(0, 3)}${sealed[3] === 'A' ? 'B' : 'A'}${sealed.slice(4)}`;
    for (const attempt of [
      () => new SecretBox({ dataDir, masterKey: OTHER }).open(sealed, 'session one'),
      () => box.open(sealed, 'session two'),
      () => box.open(changed, 'session one'),
      () => box.open('v1.', 'session one'),
    ])
      expect(attempt).toThrow(expect.objectContaining({ code: 'WAB_CONFIG_INVALID' }));
  });

  test('derives a key for each purpose, the same on every machine with the master key', () => {
    const derived = new SecretBox({ dataDir, masterKey: KEY }).derive('p', false);
    expect(Buffer.from(derived, 'base64url')).toHaveLength(32);
    expect(new SecretBox({ dataDir: join(dataDir, 'other'), masterKey: KEY }).derive('p', true)).toBe(derived);
    expect(new SecretBox({ dataDir, masterKey: KEY }).derive('q', false)).not.toBe(derived);
    expect(new SecretBox({ dataDir, masterKey: OTHER }).derive('p', false)).not.toBe(derived);
    expect(() => new SecretBox({ dataDir }).derive('p', false)).toThrow(/master key .* is missing/);
    const made = new SecretBox({ dataDir }).derive('p', true);
    expect(new SecretBox({ dataDir }).derive('p', false)).toBe(made);
  });
});

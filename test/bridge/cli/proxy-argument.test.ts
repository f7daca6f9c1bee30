/** A proxy on a command line: with a login it comes from a file. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { proxyFrom } from '../../../bridge/src/cli/proxy-argument.ts';

const WITH_LOGIN = 'http://ada:secret@proxy.example:3128';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wabridge-proxy-argument-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a URL without a login is taken as it is', () => {
  expect(proxyFrom('socks5://127.0.0.1:1080')).toBe('socks5://127.0.0.1:1080');
});

test('a login is refused where others could see it, and the refusal does not repeat it', () => {
  expect(() => proxyFrom(WITH_LOGIN)).toThrow(
    expect.objectContaining({ code: 'WAB_PROXY_INVALID', message: expect.stringContaining('@<file>') }),
  );
  expect(() => proxyFrom(WITH_LOGIN)).not.toThrow(/secret/);
});

test('a file may hold one', () => {
  const file = join(folder, 'proxy.txt');
  writeFileSync(file, `${WITH_LOGIN}\n`);
  expect(proxyFrom(`@${file}`)).toBe(WITH_LOGIN);
  expect(() => proxyFrom(`@${file}.missing`)).toThrow(expect.objectContaining({ code: 'WAB_PROXY_INVALID' }));
});

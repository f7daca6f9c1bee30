/** A restore whose file system fails in the middle: renames are made to fail one after the other. */
import { readdirSync, readFileSync } from 'node:fs';
import files, { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { backupLogin, restoreLogin } from '../../../../../bridge/src/engine/webjs/login/login-backup.ts';
import { Profile } from '../../../../../bridge/src/engine/webjs/login/profile.ts';

/** Whether the rename of this number, counted from 1, fails. */
let fails: (count: number) => boolean;
let renames: number;
const rename = files.rename;
const failing = jest.spyOn(files, 'rename').mockImplementation(async (from, to) => {
  renames += 1;
  if (fails(renames)) throw Object.assign(new Error('EIO: i/o error, rename'), { code: 'EIO' });
  await rename(from, to);
});
// Node gives what was replaced to those who imported it by name.
syncBuiltinESMExports();
afterAll(() => {
  failing.mockRestore();
  syncBuiltinESMExports();
});

const CHEAP = { N: 16, r: 1, p: 1 };
const PASSPHRASE = 'correct horse battery staple';

let root: string;
let folder: string;
let place: { profilesDir: string; session: string };
let file: string;
beforeEach(async () => {
  fails = () => false;
  root = await mkdtemp(join(tmpdir(), 'wabridge-swap-'));
  place = { profilesDir: join(root, 'profiles'), session: 'support' };
  folder = join(root, 'profiles', 'support');
  file = join(root, 'login.wab');
  await writeLogin('new');
  await backupLogin(place, file, PASSPHRASE, CHEAP);
  await writeLogin('old');
  renames = 0;
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function writeLogin(text: string): Promise<void> {
  await mkdir(join(folder, 'session', 'Default'), { recursive: true });
  await writeFile(join(folder, 'progress.json'), text);
  await writeFile(join(folder, 'session', 'Default', 'Preferences'), text);
}
const textsOfLogin = (): string[] =>
  ['progress.json', 'session/Default/Preferences'].map((path) => readFileSync(join(folder, path), 'utf8'));
const restore = (): Promise<unknown> => restoreLogin(place, file, PASSPHRASE, { replace: true });
const remains = (): string[] => readdirSync(folder).filter((name) => /^(restoring|replaced)-/.test(name));

describe('a restore', () => {
  test('takes four renames', async () => {
    await restore();
    expect(renames).toBe(4);
    expect(textsOfLogin()).toEqual(['new', 'new']);
    expect(remains()).toEqual([]);
  });

  test.each([1, 2, 3, 4])('of which number %i fails leaves everything as it was', async (number) => {
    fails = (count) => count === number;
    await expect(restore()).rejects.toThrow('EIO');
    expect(textsOfLogin()).toEqual(['old', 'old']);
    expect(remains()).toEqual([]);
  });

  test.each([3, 4])(
    'that can neither go on nor be undone from rename number %i on loses nothing: whoever opens the profile next puts it back',
    async (number) => {
      fails = (count) => count >= number;
      await expect(restore()).rejects.toThrow('EIO');
      fails = () => false;
      const profile = new Profile(folder);
      await profile.open();
      profile.close();
      expect(textsOfLogin()[1]).toBe('old');
      expect(remains()).toEqual([]);
    },
  );
});

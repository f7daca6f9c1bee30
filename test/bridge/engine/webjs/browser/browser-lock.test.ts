import { existsSync, lstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { removeBrowserLock } from '../../../../../bridge/src/engine/webjs/browser/browser-lock.ts';

const NUMBER = '12623189431248898240';
let root: string;
let profile: string;
const made: string[] = [];
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wabridge-browser-lock-'));
  profile = join(root, 'session');
  await mkdir(profile);
});
afterEach(async () => {
  for (const folder of [root, ...made.splice(0)]) await rm(folder, { recursive: true, force: true });
});

/** A folder as Chromium makes it, by default where and as it does. */
async function socketFolder(prefix = join(tmpdir(), 'org.chromium.Chromium.'), number = NUMBER): Promise<string> {
  await mkdir(dirname(prefix), { recursive: true });
  const folder = await mkdtemp(prefix);
  made.push(folder);
  await symlink(number, join(folder, 'SingletonCookie'));
  await writeFile(join(folder, 'SingletonSocket'), '');
  return folder;
}

async function lock(socket: string, number = NUMBER): Promise<void> {
  await symlink('this-host-4711', join(profile, 'SingletonLock'));
  await symlink(number, join(profile, 'SingletonCookie'));
  await symlink(socket, join(profile, 'SingletonSocket'));
}
const isThere = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false }) !== undefined;
const expectUnlocked = (): void => {
  for (const name of ['SingletonLock', 'SingletonCookie', 'SingletonSocket'])
    expect(isThere(join(profile, name))).toBe(false);
};

test.each(['org.chromium.Chromium.', '.org.chromium.Chromium.', 'com.google.Chrome.', 'com.google.Chrome.beta.'])(
  'the folder of a browser that was killed goes with its lock: %s',
  async (prefix) => {
    const folder = await socketFolder(join(tmpdir(), prefix));
    await lock(join(folder, 'SingletonSocket'));
    await removeBrowserLock(profile);
    expect(existsSync(folder)).toBe(false);
    expectUnlocked();
  },
);

test('a profile without a lock, and one that is not there, are left as they are', async () => {
  await removeBrowserLock(profile);
  await removeBrowserLock(join(root, 'none'));
  expectUnlocked();
});

describe('the link may lead anywhere; what is not the folder of this profile stays, and the lock goes all the same', () => {
  test('one somewhere else than in the temporary folder', async () => {
    const folder = await socketFolder(join(root, 'org.chromium.Chromium.'));
    await lock(join(folder, 'SingletonSocket'));
    await removeBrowserLock(profile);
    expect(isThere(join(folder, 'SingletonSocket'))).toBe(true);
    expectUnlocked();
  });

  test('one of another name, and a way around by dots', async () => {
    const folder = await socketFolder(join(tmpdir(), 'wabridge-of-somebody-'));
    await lock(`${tmpdir()}/org.chromium.Chromium.AbCdEf/../${folder.slice(tmpdir().length + 1)}/SingletonSocket`);
    await removeBrowserLock(profile);
    expect(isThere(join(folder, 'SingletonSocket'))).toBe(true);
    expectUnlocked();
    await lock(join(folder, 'SingletonSocket'));
    await removeBrowserLock(profile);
    expect(isThere(join(folder, 'SingletonSocket'))).toBe(true);
    expectUnlocked();
  });

  test('a link of the right name to a folder elsewhere', async () => {
    const folder = await socketFolder(join(root, 'precious-'));
    const link = join(tmpdir(), 'org.chromium.Chromium.lInK01');
    await rm(link, { force: true });
    await symlink(folder, link);
    made.push(link);
    await lock(join(link, 'SingletonSocket'));
    await removeBrowserLock(profile);
    expect(isThere(link)).toBe(true);
    expect(isThere(join(folder, 'SingletonSocket'))).toBe(true);
    expectUnlocked();
  });

  test('the one of another browser, which has another number', async () => {
    const folder = await socketFolder(undefined, '1');
    await lock(join(folder, 'SingletonSocket'), '2');
    await removeBrowserLock(profile);
    expect(isThere(join(folder, 'SingletonSocket'))).toBe(true);
    expectUnlocked();
  });

  test('one that holds something else keeps it', async () => {
    const folder = await socketFolder();
    await writeFile(join(folder, 'letter'), 'dear diary');
    await lock(join(folder, 'SingletonSocket'));
    await removeBrowserLock(profile);
    expect(isThere(join(folder, 'letter'))).toBe(true);
    expectUnlocked();
  });
});

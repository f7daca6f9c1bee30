import { existsSync, lstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { ChatId, WireId } from '../../../../../bridge/src/contract/ids.ts';
import { Profile } from '../../../../../bridge/src/engine/webjs/login/profile.ts';

const WAITING = { wireId: 'false_1@c.us_3EB0' as WireId, t: 15 };
const BEHIND = { chat: '1@c.us' as ChatId, since: 12 };

let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'wabridge-profile-')), 'session-a');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

test('one holder at a time', async () => {
  const first = new Profile(folder);
  const second = new Profile(folder);
  await first.open();
  await expect(second.open()).rejects.toThrow(/in use/);
  first.close();
  await second.open();
  second.close();
});

test('a lock that a browser left behind under another host name is removed once ours is held', async () => {
  const profile = new Profile(folder);
  await mkdir(profile.browserFolder, { recursive: true });
  const left = join(profile.browserFolder, 'SingletonLock');
  await symlink('another-host-4242', left);
  expect(lstatSync(left).isSymbolicLink()).toBe(true);
  await profile.open();
  expect(() => lstatSync(left)).toThrow();
  profile.close();
});

test('progress is kept, and an unreadable record is none', async () => {
  const profile = new Profile(folder);
  await profile.open();
  expect(await profile.readProgress()).toBeNull();
  await profile.writeProgress({ linkedAt: 10, reportedUntil: 20, behind: [BEHIND], undecrypted: [WAITING] });
  expect(await profile.readProgress()).toEqual({
    linkedAt: 10,
    reportedUntil: 20,
    behind: [BEHIND],
    undecrypted: [WAITING],
  });
  await writeFile(join(folder, 'progress.json'), '{"linkedAt":10,"reportedUntil":20}');
  expect(await profile.readProgress()).toEqual({ linkedAt: 10, reportedUntil: 20, behind: [], undecrypted: [] });
  await writeFile(join(folder, 'progress.json'), '{"linkedAt":');
  expect(await profile.readProgress()).toBeNull();
  profile.close();
});

test('wiping takes the login and the progress', async () => {
  const profile = new Profile(folder);
  await profile.open();
  await mkdir(profile.browserFolder, { recursive: true });
  await profile.writeProgress({ linkedAt: 10, reportedUntil: 20, behind: [BEHIND], undecrypted: [WAITING] });
  await profile.wipe();
  expect(existsSync(profile.browserFolder)).toBe(false);
  expect(await profile.readProgress()).toBeNull();
  profile.close();
});

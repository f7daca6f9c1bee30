import { existsSync, lstatSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { ChatId, MessageId } from '../../../../../bridge/src/contract/ids.ts';
import { progressSoFar } from '../../../../../bridge/src/engine/webjs/login/progress-saver.ts';
import { Profile, type Progress } from '../../../../../bridge/src/engine/webjs/login/profile.ts';
import { systemClock } from '../../../../../bridge/src/ops/clock.ts';

const WAITING = { messageId: 'false_1@c.us_3EB0' as MessageId, t: 15 };
const UNREAD = { messageId: 'true_1@c.us_3EB1' as MessageId, t: 16, level: 2 };
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
  const progress = { linkedAt: 10, reportedUntil: 20, behind: [BEHIND], undecrypted: [WAITING], unread: [UNREAD] };
  await profile.writeProgress(progress);
  expect(await profile.readProgress()).toEqual(progress);
  // As an older bridge left it.
  await writeFile(join(folder, 'progress.json'), '{"linkedAt":10,"reportedUntil":20}');
  expect(await profile.readProgress()).toEqual({
    linkedAt: 10,
    reportedUntil: 20,
    behind: [],
    undecrypted: [],
    unread: [],
  });
  await writeFile(
    join(folder, 'progress.json'),
    JSON.stringify({ ...progress, undecrypted: [{ wireId: WAITING.messageId, t: 15 }] }),
  );
  expect(await profile.readProgress()).toEqual(progress);
  await writeFile(join(folder, 'progress.json'), '{"linkedAt":');
  expect(await profile.readProgress()).toBeNull();
  profile.close();
});

test('wiping takes the login and the progress', async () => {
  const profile = new Profile(folder);
  await profile.open();
  await mkdir(profile.browserFolder, { recursive: true });
  await profile.writeProgress({
    linkedAt: 10,
    reportedUntil: 20,
    behind: [BEHIND],
    undecrypted: [WAITING],
    unread: [UNREAD],
  });
  await profile.wipe();
  expect(existsSync(profile.browserFolder)).toBe(false);
  expect(await profile.readProgress()).toBeNull();
  profile.close();
});

describe('a mark in the future', () => {
  const NOW = 1_000_000;
  const readBack = async (linkedAt: number, reportedUntil: number): Promise<Progress> => {
    const profile = new Profile(folder);
    await mkdir(folder, { recursive: true });
    await profile.writeProgress({ linkedAt, reportedUntil, behind: [], undecrypted: [], unread: [] });
    const clock = { ...systemClock, now: () => NOW * 1000 };
    return progressSoFar(profile, clock);
  };
  const soFar = async (linkedAt: number, reportedUntil: number): Promise<number> =>
    (await readBack(linkedAt, reportedUntil)).reportedUntil;

  test('was set by a message with a wrong date: a day is read again', async () => {
    expect(await soFar(10, NOW + 601)).toBe(NOW - 24 * 3600);
    expect(await soFar(NOW - 50, NOW + 601)).toBe(NOW - 50);
  });

  test('is believed where it is not far, and where it is this machine’s clock that must be wrong', async () => {
    expect(await soFar(10, NOW + 599)).toBe(NOW + 599);
    expect(await soFar(NOW + 10_000, NOW + 20_000)).toBe(NOW + 20_000);
  });

  test('was set by a linking that was dated by a wrong clock, where nothing was reported since', async () => {
    const since = NOW - 24 * 3600;
    expect(await readBack(NOW + 7_200, NOW + 7_200)).toMatchObject({ linkedAt: since, reportedUntil: since });
    expect(await readBack(NOW + 599, NOW + 599)).toMatchObject({ linkedAt: NOW + 599, reportedUntil: NOW + 599 });
    expect(await readBack(NOW + 10_000, NOW + 20_000)).toMatchObject({ linkedAt: NOW + 10_000 });
  });
});

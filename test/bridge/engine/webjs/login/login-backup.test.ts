import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { WabError } from '../../../../../bridge/src/contract/errors.ts';
import { writeLoginArchive } from '../../../../../bridge/src/engine/login-archive/login-archive.ts';
import type { ArchivedFile } from '../../../../../bridge/src/engine/login-archive/records.ts';
import { backupLogin, restoreLogin } from '../../../../../bridge/src/engine/webjs/login/login-backup.ts';
import { Profile } from '../../../../../bridge/src/engine/webjs/login/profile.ts';

jest.setTimeout(120_000);

const CHEAP = { N: 16, r: 1, p: 1 };
const PASSPHRASE = 'correct horse battery staple';
const LOGIN = {
  'progress.json': '{"linkedAt":10,"reportedUntil":20}',
  'session/Local State': '{}',
  'session/Default/Preferences': '{"a":1}',
  'session/Default/Cookies': 'SQLite format 3',
  'session/Default/Network/Cookies': 'SQLite format 3',
  'session/Default/Local Storage/leveldb/000003.log': 'local',
  'session/Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/000003.log': 'the login',
  'session/Default/WebStorage/QuotaManager': 'quota',
};
const CACHES = {
  'session/Default/Cache/Cache_Data/index': 'x',
  'session/Default/Code Cache/js/index': 'x',
  'session/Default/GPUCache/index': 'x',
  'session/Default/DawnWebGPUCache/index': 'x',
  'session/Default/Service Worker/CacheStorage/1/index': 'x',
  'session/Default/WebStorage/1/CacheStorage/index': 'x',
  'session/Default/History': 'x',
  'session/Default/Login Data': 'x',
  'session/segmentation_platform/ukm_db': 'x',
  'session/Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb/LOCK': '',
};

let root: string;
let here: { profilesDir: string; session: string };
let there: { profilesDir: string; session: string };
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'wabridge-login-'));
  here = { profilesDir: join(root, 'here', 'profiles'), session: 'support' };
  there = { profilesDir: join(root, 'there', 'profiles'), session: 'support' };
  file = join(root, 'login.wab');
  await write(join(here.profilesDir, 'support'), { ...LOGIN, ...CACHES });
});
afterEach(() => rm(root, { recursive: true, force: true }));

async function write(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
/** Every file below a folder, but the lock, which is nobody's state. */
function tree(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Object.fromEntries(
    files
      .map((full) => [full.slice(folder.length + 1), full] as const)
      .filter(([path]) => !/lock\.sqlite/.test(path))
      .map(([path, full]) => [path, readFileSync(full, 'utf8')]),
  );
}
const backup = () => backupLogin(here, file, PASSPHRASE, CHEAP);
const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'it worked',
    (error: WabError) => error.code,
  );

describe('a login state', () => {
  test('goes to another data folder without the caches', async () => {
    const made = await backup();
    expect(made).toMatchObject({ session: 'support', files: Object.keys(LOGIN).length });
    const restored = await restoreLogin(there, file, PASSPHRASE);
    expect(restored).toEqual(made);
    expect(tree(join(there.profilesDir, 'support'))).toEqual(LOGIN);
    expect(statSync(join(there.profilesDir, 'support')).mode & 0o777).toBe(0o700);
    expect(statSync(join(there.profilesDir, 'support', 'progress.json')).mode & 0o777).toBe(0o600);
    // The backup took nothing away.
    expect(tree(join(here.profilesDir, 'support'))).toEqual({ ...LOGIN, ...CACHES });
  });

  test('replaces another only where that is asked for', async () => {
    await backup();
    await write(join(there.profilesDir, 'support'), { 'session/Default/IndexedDB/old': 'old', 'progress.json': '{}' });
    const before = tree(root);
    expect(await codeOf(restoreLogin(there, file, PASSPHRASE))).toBe('WAB_LOGIN_EXISTS');
    expect(tree(root)).toEqual(before);
    await restoreLogin(there, file, PASSPHRASE, { replace: true });
    expect(tree(join(there.profilesDir, 'support'))).toEqual(LOGIN);
  });

  test('without a record of what was reported replaces that record too', async () => {
    const login = async function* (): AsyncGenerator<ArchivedFile> {
      yield { path: 'session/Default/IndexedDB/a', size: 0, read: async function* () {} };
    };
    await writeLoginArchive(file, 'support', login(), PASSPHRASE, CHEAP);
    await write(join(there.profilesDir, 'support'), { 'session/Default/IndexedDB/old': 'old', 'progress.json': '{}' });
    await restoreLogin(there, file, PASSPHRASE, { replace: true });
    expect(existsSync(join(there.profilesDir, 'support', 'progress.json'))).toBe(false);
  });
});

describe('what is refused', () => {
  test('while an engine holds the profile', async () => {
    await backup();
    const holder = new Profile(join(here.profilesDir, 'support'));
    await holder.open();
    try {
      expect(await codeOf(backupLogin(here, join(root, 'b'), PASSPHRASE, CHEAP))).toBe('WAB_LOGIN_IN_USE');
      expect(await codeOf(restoreLogin(here, file, PASSPHRASE, { replace: true }))).toBe('WAB_LOGIN_IN_USE');
    } finally {
      holder.close();
    }
    expect(tree(join(here.profilesDir, 'support'))).toEqual({ ...LOGIN, ...CACHES });
    await restoreLogin(here, file, PASSPHRASE, { replace: true });
  });

  test('a session that has no login state, a name that is a path, a file that exists', async () => {
    expect(await codeOf(backupLogin(there, file, PASSPHRASE, CHEAP))).toBe('WAB_LOGIN_ABSENT');
    expect(existsSync(there.profilesDir)).toBe(false);
    await mkdir(join(there.profilesDir, 'support'), { recursive: true });
    expect(await codeOf(backupLogin(there, file, PASSPHRASE, CHEAP))).toBe('WAB_LOGIN_ABSENT');
    // A browser ran there, but nobody scanned its code.
    await write(join(there.profilesDir, 'support'), { 'session/Default/Preferences': '{}' });
    expect(await codeOf(backupLogin(there, file, PASSPHRASE, CHEAP))).toBe('WAB_LOGIN_ABSENT');
    for (const session of ['../here', '.', '', 'Support']) {
      expect(await codeOf(backupLogin({ ...here, session }, file, PASSPHRASE, CHEAP))).toBe('WAB_INVALID_REQUEST');
      expect(await codeOf(restoreLogin({ ...here, session }, file, PASSPHRASE))).toBe('WAB_INVALID_REQUEST');
    }
    await backup();
    expect(await codeOf(backup())).toBe('WAB_BACKUP_EXISTS');
  });

  test('a restore that fails changes nothing, wherever the fault is and whether there was a login or not', async () => {
    await backup();
    const whole = readFileSync(file);
    const before = tree(join(root, 'here'));
    const broken = join(root, 'broken.wab');
    for (let at = 0; at < whole.length; at += 7) {
      const flipped = Buffer.from(whole);
      flipped[at] = whole[at]! ^ 0x10;
      for (const bytes of [flipped, whole.subarray(0, at)]) {
        await writeFile(broken, bytes);
        const refused = /^WAB_(BACKUP_INVALID|PASSPHRASE_WRONG)$/;
        expect(await codeOf(restoreLogin(there, broken, PASSPHRASE))).toMatch(refused);
        expect(await codeOf(restoreLogin(here, broken, PASSPHRASE, { replace: true }))).toMatch(refused);
      }
    }
    expect(await codeOf(restoreLogin(there, file, 'another passphrase'))).toBe('WAB_PASSPHRASE_WRONG');
    expect(await codeOf(restoreLogin({ ...there, session: 'sales' }, file, PASSPHRASE))).toBe('WAB_BACKUP_INVALID');
    expect(existsSync(join(root, 'there'))).toBe(false);
    expect(tree(join(root, 'here'))).toEqual(before);
    // No folder that was begun is left either.
    expect(readdirSync(join(here.profilesDir, 'support')).sort()).toEqual(['lock.sqlite', 'progress.json', 'session']);
  });

  test('a restore that fails touches nobody else who moved in meanwhile', async () => {
    await backup();
    const failing = codeOf(restoreLogin(there, file, 'another passphrase'));
    await write(join(there.profilesDir, 'other'), LOGIN);
    expect(await failing).toBe('WAB_PASSPHRASE_WRONG');
    expect(tree(join(there.profilesDir, 'other'))).toEqual(LOGIN);
  });

  test('an archive that holds no login', async () => {
    const nothing = async function* () {};
    await writeLoginArchive(file, 'support', nothing(), PASSPHRASE, CHEAP);
    await expect(restoreLogin(there, file, PASSPHRASE)).rejects.toThrow('it does not contain a login state');
    expect(existsSync(join(root, 'there'))).toBe(false);
  });
});

test('a restore that was killed leaves the old login, and the next command tidies up', async () => {
  const folder = join(here.profilesDir, 'support');
  await backup();
  // Killed between the two renames of the swap: the old login is aside, the new one not in place.
  await mkdir(join(folder, 'replaced-1'));
  await rename(join(folder, 'session'), join(folder, 'replaced-1', 'session'));
  await write(folder, { 'restoring-1/session/Default/IndexedDB/new': 'new' });
  await backupLogin(here, join(root, 'second.wab'), PASSPHRASE, CHEAP);
  expect(tree(folder)).toEqual({ ...LOGIN, ...CACHES });
  // Killed after the swap: what was replaced goes.
  await write(folder, { 'replaced-2/session/Default/IndexedDB/old': 'old', 'replaced-2/progress.json': '{}' });
  await restoreLogin(here, file, PASSPHRASE, { replace: true });
  expect(tree(folder)).toEqual(LOGIN);
});

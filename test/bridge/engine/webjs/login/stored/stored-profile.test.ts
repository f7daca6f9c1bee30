/** A login moves between bridges through a profile store: the newest counts, one bridge has it at a time, and none is lost. */
import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { until } from '../../../../../until.ts';
import { type BridgeAtTest, ProfilesAtTest, SESSION, stopped } from './profiles-at-test.ts';

let at: ProfilesAtTest;
let old: BridgeAtTest;
let fresh: BridgeAtTest;
beforeEach(async () => {
  at = await ProfilesAtTest.open();
  [old, fresh] = [at.bridge('old'), at.bridge('fresh')];
});
afterEach(() => at.close());

const failing = (code: string): object => expect.objectContaining({ code });

describe('a login', () => {
  test('that has stopped goes on at another machine, and comes back newer', async () => {
    await stopped(old, 'one');
    expect(await at.record()).toMatchObject({ generation: 1, holder: null });
    await fresh.open();
    expect(fresh.login).toBe('one');
    expect(await readFile(join(fresh.folder, 'progress.json'), 'utf8')).toContain('"linkedAt":10');
    await fresh.write('session/Default/IndexedDB/login', 'two');
    await fresh.stop();
    await old.open();
    expect(old.login).toBe('two');
    expect([old.outcomes, fresh.outcomes]).toEqual([
      ['stored', 'restored'],
      ['restored', 'stored'],
    ]);
    expect([...old.remains, ...fresh.remains]).toEqual([]);
    // What was replaced is gone from the store.
    expect(await at.archives()).toEqual([(await at.record())!.archive!.id]);
  });

  test('is encrypted in the store', async () => {
    await stopped(old, 'a secret of the login'.repeat(10));
    expect((await readFile(await at.archiveFile())).includes('secret')).toBe(false);
  });

  test('that is newer on this machine is kept, also after a crash', async () => {
    await stopped(old, 'one');
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'two');
    old.die();
    const again = at.bridge('old');
    await again.open();
    expect(again.login).toBe('two');
    await again.stop();
    await fresh.open();
    expect(fresh.login).toBe('two');
  });

  test('brought back from a copy of the data folder is replaced by the newer one of the store', async () => {
    await stopped(old, 'one');
    const marker = await readFile(join(old.folder, 'stored.json'));
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'two');
    await old.stop();
    await old.write('session/Default/IndexedDB/login', 'one');
    await writeFile(join(old.folder, 'stored.json'), marker);
    const restored = at.bridge('old');
    await restored.open();
    expect(restored.login).toBe('two');
  });

  test('is kept if the store was brought back to an earlier state', async () => {
    await stopped(old, 'one');
    const early = (await at.store.readRecord(SESSION))!.text;
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'two');
    await old.stop();
    const { version } = (await at.store.readRecord(SESSION))!;
    await at.store.writeRecord(SESSION, early, version);
    await old.open();
    expect(old.login).toBe('two');
    await old.stop();
    expect((await at.record())!.generation).toBeGreaterThan(2);
  });

  test('that was never in the store does not give way to one that is, nor replaces it', async () => {
    await stopped(old, 'one');
    await fresh.link('another account');
    await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_CONFLICT'));
    expect(fresh.login).toBe('another account');
    // Again: the refusal must not count as having been in the store.
    await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_CONFLICT'));
    // And it must not keep the store's login from others.
    await at.bridge('third').open();
  });

  test('without a store that knows the session is linked and archived', async () => {
    await fresh.open();
    expect(fresh.login).toBeNull();
    await fresh.stop();
    expect(await at.record()).toMatchObject({ holder: null, archive: null });
    expect(fresh.outcomes).toEqual([]);
  });
});

describe('two bridges', () => {
  test('the second is refused, and told where the first is', async () => {
    await stopped(old, 'one');
    await old.open();
    await expect(fresh.open()).rejects.toMatchObject({
      code: 'WAB_PROFILE_IN_USE',
      message: expect.stringContaining(hostname()),
    });
    expect(fresh.login).toBeNull();
    await old.stop();
    await fresh.open();
    expect(fresh.login).toBe('one');
  });

  test('a bridge that gives signs of life keeps its login', async () => {
    await stopped(old, 'one');
    await old.open();
    old.watch(() => false);
    const end = Date.now() + 1_200;
    for (let seen = ''; Date.now() < end; seen = (await at.record())!.revision) {
      await until('a sign of life', async () => (await at.record())!.revision !== seen);
      await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_IN_USE'));
    }
    expect(old.lost).toBeNull();
  });

  test('a bridge that gives none for long loses it, is told, and overwrites nothing', async () => {
    await stopped(old, 'one');
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'changed in silence');
    await until('the login to be free', () =>
      fresh.open().then(
        () => true,
        (error: { code: string }) => {
          expect(error.code).toBe('WAB_PROFILE_IN_USE');
          return false;
        },
      ),
    );
    expect(fresh.login).toBe('one');
    old.watch(() => false);
    await until('the old bridge to be told', () => old.lost);
    expect(old.lost).toContain('taken over');
    const before = await at.record();
    await old.stop();
    expect(await at.record()).toEqual(before);
    expect(await at.archives()).toHaveLength(1);
    // Nor later, when what was left behind is looked at.
    old.profiles.start();
    await until('the old login to be given up', async () =>
      (await readFile(join(old.folder, 'stored.json'), 'utf8')).includes('"dirty":false'),
    );
    expect(await at.record()).toEqual(before);
    await fresh.stop();
    await old.open();
    expect(old.login).toBe('one');
  });
});

describe('a restore that fails leaves no half login, and the login to others', () => {
  beforeEach(() => stopped(old, 'one'));
  afterEach(async () => {
    expect([existsSync(join(fresh.folder, 'session')), fresh.remains]).toEqual([false, []]);
    expect((await at.record())!.holder).toBeNull();
  });

  test('with another key', async () => {
    fresh = at.bridge('fresh', { key: 'another key' });
    await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_KEY_WRONG'));
  });

  test('of an archive that was changed, cut off or removed', async () => {
    const file = await at.archiveFile();
    const bytes = await readFile(file);
    for (const damaged of [Buffer.concat([bytes, Buffer.from('x')]), bytes.subarray(0, 100)]) {
      await writeFile(file, damaged);
      await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_DAMAGED'));
    }
    await rm(file);
    await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_DAMAGED'));
  });

  test('with a record of a later version', async () => {
    const { version } = (await at.store.readRecord(SESSION))!;
    const before = (await at.store.readRecord(SESSION))!.text;
    const changed = await at.store.writeRecord(SESSION, '{"format":2}', version);
    await expect(fresh.open()).rejects.toMatchObject({ message: expect.stringContaining('format 2') });
    await at.store.writeRecord(SESSION, before, changed);
  });
});

describe('while the store is away', () => {
  test('a login of this machine starts, and is taken and archived once the store is back', async () => {
    await stopped(old, 'one');
    at.store.state = 'away';
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'two');
    old.watch();
    await until('a failure', () => old.outcomes.includes('failed'));
    expect(old.lost).toBeNull();
    at.store.state = 'up';
    await until('the login to be taken', async () => (await at.record())!.holder !== null);
    await old.stop();
    await fresh.open();
    expect(fresh.login).toBe('two');
  });

  test('a session without a login waits', async () => {
    at.store.state = 'away';
    await expect(fresh.open()).rejects.toEqual(failing('WAB_PROFILE_STORE_UNAVAILABLE'));
  });

  test('a login that is known to be old does not start', async () => {
    await stopped(old, 'one');
    await fresh.open();
    await fresh.stop();
    const { getArchive } = at.store;
    at.store.getArchive = (...args) => {
      at.store.state = 'away';
      return getArchive(...args);
    };
    await expect(old.open()).rejects.toEqual(failing('WAB_PROFILE_STORE_UNAVAILABLE'));
    expect(old.login).toBe('one');
  });

  test.each(['away', 'hanging'] as const)(
    '(%s) a stop is not held up, and the login is archived later',
    async (state) => {
      await stopped(old, 'one');
      old = at.bridge('old', { times: { stop: 300 } });
      await old.open();
      await old.write('session/Default/IndexedDB/login', 'two');
      at.store.state = state;
      const begin = Date.now();
      await old.stop();
      expect(Date.now() - begin).toBeLessThan(15_000);
      expect(old.outcomes.at(-1)).toBe('failed');
      at.store.state = 'up';
      old.profiles.start();
      await until('the login to be archived', async () => (await at.record())!.generation === 2);
      await until('it to be free', async () => (await at.record())!.holder === null);
      await fresh.open();
      expect(fresh.login).toBe('two');
    },
  );

  test('what is archived later gives way to a start', async () => {
    await stopped(old, 'one');
    old = at.bridge('old', { times: { stop: 100 } });
    await old.open();
    await old.write('session/Default/IndexedDB/login', 'two');
    at.store.state = 'away';
    await old.stop();
    at.store.state = 'up';
    let begun = false;
    at.store.onPut = () => {
      begun = true;
      return sleep(100);
    };
    old.profiles.start();
    await until('an upload', () => begun);
    await old.open();
    expect(old.login).toBe('two');
    await old.profiles.stop();
  });
});

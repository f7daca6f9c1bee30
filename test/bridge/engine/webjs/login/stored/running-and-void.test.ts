/** What becomes of the copies of a login while its browser runs, and when the login is void. */
import { appendFileSync, existsSync, rmSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
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

describe('a login that is void', () => {
  test('goes from the store, and the next one is archived', async () => {
    await stopped(old, 'one');
    await old.open();
    await old.logOut();
    expect(await at.archives()).toEqual([]);
    expect(await at.record()).toMatchObject({ archive: null, holder: null });
    await stopped(old, 'two');
    await fresh.open();
    expect(fresh.login).toBe('two');
  });

  test('goes later if the store is away, and is not restored before', async () => {
    await stopped(old, 'one');
    await old.open();
    at.store.state = 'away';
    await old.logOut();
    await expect(old.open()).rejects.toEqual(failing('WAB_PROFILE_STORE_UNAVAILABLE'));
    at.store.state = 'up';
    await old.open();
    expect(old.login).toBeNull();
    expect(await at.archives()).toEqual([]);
  });

  test('of a deleted session goes, now or later', async () => {
    for (const state of ['up', 'away'] as const) {
      await stopped(old, 'one');
      at.store.state = state;
      await old.profiles.forget(SESSION);
      await rm(old.folder, { recursive: true });
      at.store.state = 'up';
      old.profiles.start();
      await until('the archive to go', async () => (await at.archives()).length === 0);
      await old.profiles.stop();
    }
  });

  test('is left alone if another bridge has it now, or has had it since', async () => {
    await stopped(old, 'one');
    await fresh.open();
    await old.profiles.forget(SESSION);
    expect(await at.archives()).toHaveLength(1);
    await fresh.write('session/Default/IndexedDB/login', 'two');
    await fresh.stop();
    await old.profiles.forget(SESSION);
    expect(await at.archives()).toHaveLength(1);
    await at.bridge('third').open();
  });
});

describe('while its browser runs, a login', () => {
  test('is archived at the first quiet moment, then at intervals if it has changed', async () => {
    await old.open();
    await old.link('one');
    old.watch();
    await until('the first archive', () => old.outcomes.includes('stored'));
    await until('a look that finds nothing new', () => old.outcomes.includes('unchanged'));
    expect((await at.record())!.generation).toBe(1);
    await old.write('session/Default/IndexedDB/login', 'two');
    await until('the second', async () => (await at.record())!.generation === 2);
    // The machine is lost.
    old.die();
    await until('the login to be free', () =>
      fresh.open().then(
        () => true,
        () => false,
      ),
    );
    expect(fresh.login).toBe('two');
  });

  test('is not archived while the session has something to do', async () => {
    await old.open();
    await old.link('one');
    let asked = 0;
    old.watch(() => ++asked > 5 && false);
    await until('some looks', () => asked > 5);
    expect(await at.archives()).toEqual([]);
  });

  test('is not archived soon after somebody has written to it', async () => {
    old = at.bridge('old', { times: { quiet: 60_000 } });
    await old.open();
    await old.link('one');
    old.watch();
    await until('some looks', () => old.outcomes.length > 5);
    expect(new Set(old.outcomes)).toEqual(new Set(['busy']));
    expect(await at.archives()).toEqual([]);
  });

  test.each([
    ['is written to', (file: string) => writeFileSync(file, 'xxx')],
    ['grows', (file: string) => appendFileSync(file, 'more')],
    // Back again, it is another file.
    ['is removed', (file: string) => (existsSync(file) ? rmSync(file) : writeFileSync(file, 'one'))],
    ['appears', (file: string) => writeFileSync(`${file}-${Date.now()}`, 'new')],
  ])('is not archived if a file %s in the middle of it', async (_what, disturb) => {
    await old.open();
    await old.link('one');
    const file = join(old.folder, 'session/Default/IndexedDB/login');
    old.beforePacking = () => disturb(file);
    old.watch();
    await until('it to be disturbed', () => old.outcomes.filter((outcome) => outcome === 'busy').length > 3);
    expect(old.outcomes).not.toContain('stored');
    expect(await at.archives()).toEqual([]);
    old.beforePacking = () => undefined;
    await until('a quiet moment', () => old.outcomes.includes('stored'));
    expect(old.remains).toEqual([]);
  });
});

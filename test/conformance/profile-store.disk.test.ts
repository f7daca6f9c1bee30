import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { openProfileStore } from '../../bridge/src/compose/profile-store.ts';
import { profileStoreSuite } from './profile-store.suite.ts';

const fresh = (): Promise<string> => mkdtemp(join(tmpdir(), 'wabridge-profile-store-'));

profileStoreSuite('in a folder', async () => {
  const folder = await fresh();
  return {
    open: () => openProfileStore({ kind: 'disk', folder: join(folder, 'made', 'by the store') }),
    close: () => rm(folder, { recursive: true, force: true }),
  };
});

test('a folder keeps one record of each session, and nothing of what was begun', async () => {
  const folder = await fresh();
  const store = await openProfileStore({ kind: 'disk', folder });
  await store.check();
  for (let version: string | null = null; version !== '5';)
    version = await store.writeRecord('support', 'text', version);
  await store.writeRecord('support', 'text', '2');
  expect(await readdir(folder)).toEqual(['support']);
  expect(await readdir(join(folder, 'support'))).toEqual(['record-5.json']);
  await rm(folder, { recursive: true });
});

test('a folder that cannot be one is told', async () => {
  const folder = await fresh();
  await writeFile(join(folder, 'file'), '');
  const store = await openProfileStore({ kind: 'disk', folder: join(folder, 'file') });
  await expect(store.check()).rejects.toMatchObject({
    code: 'WAB_PROFILE_STORE_UNUSABLE',
    message: expect.stringContaining('it is not a folder'),
  });
  await expect(store.readRecord('support')).rejects.toMatchObject({
    code: 'WAB_PROFILE_STORE_UNAVAILABLE',
    retryable: true,
  });
  await rm(folder, { recursive: true });
});

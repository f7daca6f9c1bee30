import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { LocalCache } from '../../../bridge/src/media/local-cache.ts';

const HOUR = 3_600_000;
let folder: string;
let cache: LocalCache;
let now: number;
let loads: number;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-cache-'));
  now = 0;
  loads = 0;
  cache = new LocalCache(join(folder, 'cache'), 300, { elapsed: () => now });
  await cache.start();
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function file(bytes = 100): Promise<{ path: string; bytes: number }> {
  const path = join(folder, `loaded-${++loads}`);
  await writeFile(path, Buffer.alloc(bytes));
  return { path, bytes };
}
const path = (key: string) => cache.path(key, () => file());
const kept = async () => (await readdir(join(folder, 'cache'))).sort();

test('a copy is loaded once, also for those who ask at the same time', async () => {
  const paths = await Promise.all([path('aa'), path('aa'), path('aa')]);
  expect(new Set([...paths, await path('aa')]).size).toBe(1);
  expect(loads).toBe(1);
  expect(await readFile(paths[0]!)).toHaveLength(100);
});

test('the copy that was not used for longest makes room', async () => {
  for (const key of ['aa', 'bb', 'cc']) await path(key);
  now = HOUR;
  await path('aa');
  await path('dd');
  expect(await kept()).toEqual(['aa', 'cc', 'dd']);
});

test('what was just handed out stays, even if it is too much', async () => {
  for (const key of ['aa', 'bb', 'cc', 'dd', 'ee']) await path(key);
  expect(await kept()).toEqual(['aa', 'bb', 'cc', 'dd', 'ee']);
  now = HOUR;
  await path('ff');
  expect(await kept()).toEqual(['dd', 'ee', 'ff']);
});

test('what nobody was given makes room at once', async () => {
  for (const key of ['aa', 'bb', 'cc', 'dd']) await cache.adopt(key, (await file()).path, 100);
  expect(await kept()).toEqual(['bb', 'cc', 'dd']);
});

test('a load that fails is tried again by the next', async () => {
  await expect(cache.path('aa', () => Promise.reject(new Error('gone')))).rejects.toThrow('gone');
  expect(await cache.path('aa', () => Promise.resolve(null))).toBeNull();
  expect(await path('aa')).toContain('aa');
});

test('a copy that somebody removed from the disk is loaded again', async () => {
  await rm((await path('aa'))!);
  expect(await readFile((await path('aa'))!)).toHaveLength(100);
});

test('the next start has none', async () => {
  await path('aa');
  await cache.start();
  expect(await kept()).toEqual([]);
});

/** That a committed file survives a power cut cannot be tried here; that what makes it so is asked for, can. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { mkdtemp, open, rm, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { DiskMediaStore } from '../../../bridge/src/media/disk-media-store.ts';

let folder: string;
let synced: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wabridge-disk-'));
  synced = [];
  const probe = await open(folder, 'r');
  const handles = Object.getPrototypeOf(probe) as FileHandle;
  await probe.close();
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its own `this` below
  const sync = handles.sync;
  jest.spyOn(handles, 'sync').mockImplementation(async function (this: FileHandle) {
    const { size, ...stat } = await this.stat().then((found) => ({ size: found.size, isFolder: found.isDirectory() }));
    synced.push(stat.isFolder ? 'folder' : `file of ${size}`);
    await sync.call(this);
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await rm(folder, { recursive: true, force: true });
});

test('the bytes are synced before the file gets its name, and the folders that hold the name after it', async () => {
  const store = new DiskMediaStore(join(folder, 'media'));
  await store.start();
  const spool = () => store.spool(Readable.from([Buffer.alloc(300), Buffer.alloc(45)]), () => undefined);
  const first = await spool();
  expect(synced).toEqual(['file of 345']);
  await first.commit('med_AA');
  // The folder of the shard, which is new, and the shard.
  expect(synced).toEqual(['file of 345', 'folder', 'folder']);
  await (await spool()).commit('med_BAA');
  expect(synced.slice(3)).toEqual(['file of 345', 'folder']);
});

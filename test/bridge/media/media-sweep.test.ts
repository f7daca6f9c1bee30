/** Store and database are compared in both directions; where they do not belong together, nothing is changed. */
import { mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { newMediaId, type MediaId } from '../../../bridge/src/contract/ids.ts';
import { digestOf, openMedia, PNG, streamOf, type OpenMedia } from './media-harness.ts';

let media: OpenMedia;

beforeEach(async () => {
  media = await openMedia();
});
afterEach(() => media.destroy());

const restart = async (): Promise<void> => {
  await media.close();
  media = await openMedia({ folder: media.folder });
};
const upload = async (): Promise<MediaId> => {
  const mediaId = newMediaId();
  const upload = { mediaId, sha256: digestOf(PNG), sizeBytes: PNG.length, fileName: null, sessions: null };
  await media.library.upload(upload, streamOf(PNG));
  return mediaId;
};
const folderOf = (id: string): string => join(media.folder, 'media', 'files', id.slice(-2));
const put = async (id: string): Promise<void> => {
  await mkdir(folderOf(id), { recursive: true });
  await writeFile(join(folderOf(id), id), PNG);
};
const stateOf = async (id: MediaId): Promise<string> => (await media.library.info(id)).state;

test('a file that is gone is said to be missing, and is there again once it is back', async () => {
  const ids = [await upload(), await upload()] as const;
  await media.store.remove(ids[0]);
  await restart();
  expect(await stateOf(ids[0])).toBe('failed');
  expect(await stateOf(ids[1])).toBe('stored');
  await expect(media.library.open(ids[0])).rejects.toMatchObject({
    code: 'WAB_MEDIA_FAILED',
    message: `The file of media ${ids[0]} is not available: its bytes are missing from the media store.`,
  });
  await put(ids[0]);
  await restart();
  expect(await stateOf(ids[0])).toBe('stored');
  expect(await media.filesOnDisk()).toEqual(expect.arrayContaining([...ids]));
});

test('a store that has hardly any of the files is another store: nothing is marked', async () => {
  const ids: MediaId[] = [];
  for (let count = 0; count < 30; count++) ids.push(await upload());
  const files = join(media.folder, 'media', 'files');
  await rename(files, `${files}-elsewhere`);
  await restart();
  expect(await Promise.all(ids.map(stateOf))).toEqual(ids.map(() => 'stored'));
});

test('a store that has mostly files of others is not cleaned', async () => {
  const own = await upload();
  const others = Array.from({ length: 30 }, () => newMediaId());
  for (const id of others) await put(id);
  await restart();
  expect((await media.filesOnDisk()).sort()).toEqual([own, ...others].sort());
});

test('what another process may be about to write is left alone by a sweep while running', async () => {
  const fresh = newMediaId();
  await put(fresh);
  await media.maintenance.sweep();
  expect(await readdir(folderOf(fresh))).toEqual([fresh]);
});

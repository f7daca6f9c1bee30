/** What waits while the media store cannot be used, with a store that fails as the test says. */
import { afterEach, expect, test } from '@jest/globals';
import { WabError } from '../../../bridge/src/contract/errors.ts';
import { newMediaId } from '../../../bridge/src/contract/ids.ts';
import type { MediaStore } from '../../../bridge/src/media/media-store.ts';
import { until } from '../../until.ts';
import { digestOf, openMedia, PNG, streamOf, type MediaHarnessOptions, type OpenMedia } from './media-harness.ts';

const away = () => new WabError('WAB_MEDIA_STORE_UNAVAILABLE', { store: 's3://media/', reason: 'nothing listens' });
let media: OpenMedia;
afterEach(() => media.destroy());

/** A folder that refuses commits and questions as told. */
const refusing =
  (refuses: (what: 'commit' | 'check' | 'remove') => boolean) =>
  (disk: MediaStore): MediaStore => {
    const refuse = (what: Parameters<typeof refuses>[0]): void => {
      if (refuses(what)) throw away();
    };
    const [spool, check, remove] = [disk.spool.bind(disk), disk.check.bind(disk), disk.remove.bind(disk)];
    return Object.assign(disk, {
      check: async () => {
        refuse('check');
        await check();
      },
      remove: async (key: string) => {
        refuse('remove');
        await remove(key);
      },
      spool: async (...given: Parameters<MediaStore['spool']>) => {
        const file = await spool(...given);
        const commit = async (key: string): Promise<void> => {
          refuse('commit');
          await file.commit(key);
        };
        return {
          path: file.path,
          sizeBytes: file.sizeBytes,
          sha256: file.sha256,
          commit,
          discard: () => file.discard(),
        };
      },
    });
  };
const start = async (options: MediaHarnessOptions): Promise<void> => {
  media = await openMedia(options);
  media.up();
  media.fetcher.start();
};

test('nothing is asked of WhatsApp while the store is away, and all of it once it is back', async () => {
  let isAway = true;
  await start({ wrapStore: refusing((what) => what !== 'remove' && isAway) });
  const first = await media.expectIncoming(() => streamOf(PNG));
  const second = await media.expectIncoming(() => streamOf(PNG));
  await until('the trouble', () => media.store.trouble);
  expect(media.asked).toEqual([]);
  expect(await media.filesOnDisk()).toEqual([]);
  isAway = false;
  for (const id of [first, second]) expect((await media.library.info(id, 30_000)).state).toBe('stored');
  expect(media.asked).toHaveLength(2);
});

test('a store that says that it can be used and takes no file costs no attempt', async () => {
  let left = 4;
  await start({ wrapStore: refusing((what) => what === 'commit' && left-- > 0), fetcher: { maxAttempts: 2 } });
  const id = await media.expectIncoming(() => streamOf(PNG));
  await until('it to be stored', async () => (await media.library.info(id, 1_000)).state === 'stored');
  expect(media.asked).toHaveLength(5);
});

test('an upload is refused before its body is read', async () => {
  await start({ wrapStore: refusing(() => true) });
  const body = streamOf(PNG);
  const upload = { mediaId: newMediaId(), sha256: digestOf(PNG), sizeBytes: null, fileName: null, sessions: null };
  await expect(media.library.upload(upload, body)).rejects.toMatchObject({ code: 'WAB_MEDIA_STORE_UNAVAILABLE' });
  expect(body.readableDidRead).toBe(false);
  expect(media.quota.usedBytes).toBe(0);
});

test('what expires while the store refuses to remove it takes no room any more', async () => {
  await start({ retentionMs: -1_000, wrapStore: refusing((what) => what === 'remove') });
  for (let count = 0; count < 3; count++) {
    const upload = { mediaId: newMediaId(), sha256: digestOf(PNG), sizeBytes: null, fileName: null, sessions: null };
    await media.library.upload(upload, streamOf(PNG));
  }
  await expect(media.maintenance.expire()).rejects.toMatchObject({ code: 'WAB_MEDIA_STORE_UNAVAILABLE' });
  expect(media.quota.usedBytes).toBe(0);
});
